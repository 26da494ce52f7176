/**
 * A NestJS application with several replicas. All of them answer; the leader alone does the work that must not be done
 * twice. `npm install && npm install k8s-leader typescript && npm run build && npm start`
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { App } from './app.js';

const app = await NestFactory.create(App);
// TERM ends the work first, then the application.
app.enableShutdownHooks();
const server = (await app.listen(process.env['PORT'] ?? 8080)) as import('node:http').Server;
console.log(`listening on ${JSON.stringify(server.address())}`);
