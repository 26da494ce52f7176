export const crowdPicture = (): string => '';
