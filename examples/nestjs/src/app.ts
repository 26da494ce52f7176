import { Controller, Get, Module } from '@nestjs/common';
import { Leadership } from './leadership.js';

@Controller('leader')
export class LeaderController {
  constructor(private readonly leadership: Leadership) {}

  @Get()
  state(): Leadership['state'] {
    return this.leadership.state;
  }
}

@Module({ controllers: [LeaderController], providers: [Leadership] })
export class App {}
