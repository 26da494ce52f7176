declare const BUILD_VERSION: string;

/** The package's version; the bundler puts it in. */
export const version = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : '0.0.0-source';
