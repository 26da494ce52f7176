declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;

/** The package's version; the bundler puts it in. */
export const version = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : '0.0.0-source';

/** The commit that was built; empty where that is unknown. */
const commit = typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : '';

/** What `--version` says: `1.2.3 (1a2b3c4)`. */
export const versionAndBuild = commit === '' ? version : `${version} (${commit})`;
