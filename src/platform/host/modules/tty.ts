export const isatty = (fd: number): boolean => native.isTerminal(fd);
export default { isatty };
