/** In place of modules that libraries import for what we never ask of them. */
export default {};
