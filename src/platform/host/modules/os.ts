export default { release: () => '' };
