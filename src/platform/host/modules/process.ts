export { hostProcess as default } from '../globals/process.ts';
