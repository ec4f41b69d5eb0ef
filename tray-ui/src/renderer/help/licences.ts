/** The build puts the licence texts of what it has bundled here (build/licences.ts). A page of Electron's can't fetch files. */
export const LICENCES = '@postern-licences@';
