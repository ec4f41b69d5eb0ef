/** Object identifiers as DER writes them, in hexadecimal, without tag and length. */
export const OID = {
  commonName: '550403',
  organisationName: '55040a',
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  authorityKeyIdentifier: '551d23',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
  ecdsaWithSha256: '2a8648ce3d040302',
  ecdsaWithSha384: '2a8648ce3d040303',
  sha256WithRsa: '2a864886f70d01010b',
} as const;
