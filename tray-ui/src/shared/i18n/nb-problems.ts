import type { ProblemWords } from './problem-words.ts';

/** The agent's problems in Norwegian, by their codes; its own sentence, with the details, stands below them. */
export const nbProblems: ProblemWords = {
  'budgets-lost': {
    text: 'Opptegnelsen over hva budsjettene har brukt, er tapt: De regnes som brukt opp til perioden er over.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'ca-expires': {
    text: 'Posterns sertifikat på denne maskinen går snart ut.',
    mend: 'Kjør: postern trust renew',
  },
  'config-refused': {
    text: 'En endret innstilling gjelder ikke ennå.',
    mend: 'Hva som er galt, står under.',
  },
  'outside-name-constraints': {
    text: 'Noen adresser i reglene kan ikke kontrolleres av denne maskinen; de går urørt gjennom.',
    mend: 'Kjør: postern trust renew',
  },
  'policy-refused': {
    text: 'Nyere regler ble avvist; de forrige gjelder fortsatt.',
    mend: 'Den som publiserer reglene, må publisere noen som kan brukes; hva som er galt, står under.',
  },
  'store-closed': { text: 'Historikken skrives ikke akkurat nå.', mend: 'Start Postern på nytt.' },
  'store-disk-full': {
    text: 'Disken er full: Historikken beholdes til det er plass igjen.',
    mend: 'Frigjør plass på disken.',
  },
  'store-stalled': {
    text: 'Historikken skrives ikke i tide; den venter.',
    mend: 'Hvis det varer ved, start Postern på nytt.',
  },
  'store-write-failing': {
    text: 'Historikken kan ikke skrives akkurat nå; den beholdes til det går igjen.',
    mend: 'Frigjør plass på disken, og si fra til sikkerhetsteamet.',
  },
  'store-set-aside': {
    text: 'Databasen var skadet og ble lagt til side; en ny er påbegynt.',
    mend: 'Ta vare på filen for sikkerhetsteamet.',
  },
  'vault-set-aside': {
    text: 'Skjulte verdier var skadet: Plassholdere i tidligere samtaler kan kanskje ikke gjøres om. Nye virker.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'gateway-down': {
    text: 'Firmaets KI-gateway kan ikke nås.',
    mend: 'Sjekk nett og VPN; hvis begge virker, si fra til dem som driver gatewayen.',
  },
  'gateway-degraded': {
    text: 'En del av firmaets KI-gateway kan ikke nås; en annen tar kallene.',
    mend: 'Sjekk nett og VPN hvis det varer ved.',
  },
  'gateway-key-inactive': {
    text: 'Gatewayen har slått av nøkkelen din.',
    mend: 'Velg en annen nøkkel, eller spør dem som driver gatewayen.',
  },
  'gateway-no-key': {
    text: 'Det mangler en nøkkel til gatewayen: Kall til den blir avvist.',
    mend: 'Logg inn.',
  },
  'gateway-quota-unknown': { text: 'Hvor mye som er igjen hos gatewayen, kan ikke leses.' },
  'no-gateway': {
    text: 'Reglene sender tjenester gjennom en gateway, og ingen er satt opp: De kallene blir avvist.',
    mend: 'Si fra til IT.',
  },
  'sign-in-needed': {
    text: 'Ingen er logget inn: Det firmaet gir deg eller teamet ditt (nøkler, budsjetter, regler), gjelder ikke ennå.',
    mend: 'Logg inn.',
  },
  'clock-behind': {
    text: 'Klokken på denne maskinen går for sakte eller er stilt tilbake.',
    mend: 'Still klokken.',
  },
  'clock-wrong': { text: 'Klokken på denne maskinen går feil.', mend: 'Still klokken.' },
  'no-bundle-yet': {
    text: 'Det har ikke kommet regler fra serveren ennå: De medfølgende reglene eller filens gjelder.',
  },
  override: {
    text: 'Brukerstøtten har opphevet reglene en stund.',
    mend: 'Det kan avsluttes på siden «Hjelp».',
  },
  'switch-block': { text: 'Firmaet har stanset KI-kall en stund.' },
  'switch-aside': { text: 'Firmaet lar KI-kall passere ukontrollert en stund.' },
  'policy-fell-back': {
    text: 'De siste nye reglene skapte problemer og ble trukket tilbake.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'policy-grace': {
    text: 'Reglene er over datoen; foreløpig gjelder de fortsatt.',
    mend: 'La maskinen komme på nett, så den kan hente nye.',
  },
  'policy-too-old': {
    text: 'Reglene er for gamle.',
    mend: 'La maskinen komme på nett, eller be brukerstøtten om en kode.',
  },
  'telemetry-failing': {
    text: 'Opptegnelser når ikke fram til firmaet akkurat nå; de venter på denne maskinen.',
    mend: 'Ingenting går tapt. Hvis det varer ved, si fra til IT.',
  },
  'enrolment-stale': { text: 'Denne maskinen hører fortsatt til et annet firma.', mend: 'Si fra til IT.' },
  'enrolment-unreadable': {
    text: 'Hvilket firma denne maskinen hører til, kan ikke leses.',
    mend: 'Si fra til IT.',
  },
  'tenant-mismatch': { text: 'Denne maskinen er satt opp for et annet firma.', mend: 'Si fra til IT.' },
  'keychain-locked': {
    text: 'Nøkkelringen er låst: Innlogging og nøkler kan ikke leses.',
    mend: 'Lås den opp.',
  },
  'secrets-not-written': {
    text: 'Innlogging og nøkler kunne ikke lagres: Etter en omstart mangler de.',
    mend: 'Frigjør plass på disken, eller lås opp nøkkelringen.',
  },
  'secrets-unreadable': {
    text: 'Den lagrede innloggingen kan ikke leses lenger.',
    mend: 'Logg inn på nytt.',
  },
  'virtual-key-missing': {
    text: 'Nøkkelen som skal brukes, finnes ikke.',
    mend: 'Logg inn, eller velg en annen nøkkel.',
  },
  'virtual-key-refused': {
    text: 'Gatewayen godtar ikke nøkkelen din.',
    mend: 'Velg en annen nøkkel, eller spør dem som driver gatewayen.',
  },
  'session-ended': { text: 'Innloggingen din er avsluttet.', mend: 'Logg inn på nytt.' },
  'sign-out-incomplete': {
    text: 'Du er logget ut her, men kanskje ikke hos leverandøren ennå.',
    mend: 'Logg også ut i nettleseren.',
  },
  'provider-unreachable': {
    text: 'Firmaets innloggingsside kan ikke nås.',
    mend: 'Sjekk nett og VPN; du er fortsatt logget inn.',
  },
  'proxy-credentials': { text: 'Firmaets proxy krever et passord.', mend: 'Si fra til IT.' },
  'provider-certificate': {
    text: 'Sertifikatet til innloggingssiden er ikke betrodd.',
    mend: 'Sjekk klokken; hvis den er riktig, si fra til IT.',
  },
  'captive-portal': {
    text: 'Dette nettet krever innlogging først (hotell, gjestenett).',
    mend: 'Åpne en nettleser og logg inn på nettet.',
  },
  'provider-failed': {
    text: 'Firmaets innloggingsside har problemer akkurat nå.',
    mend: 'Prøv igjen senere.',
  },
  'discovery-failed': { text: 'Innloggingen er ikke riktig satt opp.', mend: 'Si fra til IT.' },
  'sign-in-refused': { text: 'Innloggingen ble avvist.', mend: 'Prøv igjen; hvis det varer ved, spør IT.' },
  'sign-in-expired': { text: 'Innloggingen tok for lang tid.', mend: 'Logg inn på nytt.' },
  'sign-in-cancelled': { text: 'Innloggingen ble avbrutt.', mend: 'Logg inn på nytt.' },
  'sign-in-mismatch': {
    text: 'Svaret fra innloggingssiden passer ikke til denne innloggingen.',
    mend: 'Logg inn på nytt; hvis det varer ved, si fra til sikkerhetsteamet.',
  },
  'device-flow-unsupported': {
    text: 'Her kan man ikke logge inn med en kode.',
    mend: 'Logg inn med nettleseren.',
  },
  'client-refused': { text: 'Innloggingen er ikke satt opp hos firmaet.', mend: 'Si fra til IT.' },
  'key-refused': {
    text: 'En nøkkel til gatewayen ble ikke utstedt.',
    mend: 'Spør dem som driver gatewayen.',
  },
  'enrolment-refused': { text: 'Firmaet har ikke tatt opp denne maskinen.', mend: 'Si fra til IT.' },
  'enrolment-failed': { text: 'Maskinen kunne ikke tas opp ennå.', mend: 'Det prøves igjen av seg selv.' },
  'policy-source-no-root': {
    text: 'Hvordan firmaets regler kjennes igjen, er ikke satt opp.',
    mend: 'Si fra til IT.',
  },
  'policy-source-other-root': {
    text: 'Innstillingen peker på et annet firmas regler.',
    mend: 'Si fra til IT.',
  },
  'policy-source-unreachable': {
    text: 'Serveren for regler kan ikke nås.',
    mend: 'Sjekk nettet; ingenting går tapt.',
  },
  'policy-source-timeout': {
    text: 'Serveren for regler svarer ikke i tide.',
    mend: 'Det prøves igjen av seg selv.',
  },
  'policy-source-proxy-auth': { text: 'Firmaets proxy krever et passord.', mend: 'Si fra til IT.' },
  'policy-source-captive-portal': {
    text: 'Dette nettet krever innlogging først (hotell, gjestenett).',
    mend: 'Åpne en nettleser og logg inn på nettet.',
  },
  'policy-source-forbidden': { text: 'Serveren for regler gir dem ikke ut.', mend: 'Si fra til IT.' },
  'policy-source-not-found': { text: 'Det ligger ingen regler på serveren.', mend: 'Si fra til IT.' },
  'policy-source-server-error': {
    text: 'Serveren for regler har problemer akkurat nå.',
    mend: 'Det prøves igjen av seg selv.',
  },
  'policy-source-truncated': {
    text: 'Nye regler kom ufullstendig fram.',
    mend: 'Det prøves igjen av seg selv.',
  },
  'policy-source-not-as-signed': {
    text: 'Nye regler er ikke de som ble signert.',
    mend: 'Hvis det varer ved, si fra til sikkerhetsteamet.',
  },
  'policy-source-not-signed': {
    text: 'Nye regler er ikke signert av firmaet.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'policy-source-rolled-back': {
    text: 'Serveren tilbyr eldre regler enn maskinen allerede kjenner.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'policy-source-expired': {
    text: 'Serveren tilbyr bare regler som er over datoen.',
    mend: 'Den som publiserer regler, må fornye dem.',
  },
  'policy-source-wrong-clock': {
    text: 'Klokken på denne maskinen går feil: Nye regler ser utgåtte ut.',
    mend: 'Still klokken.',
  },
  'policy-source-too-large': {
    text: 'Nye regler er større enn de får være.',
    mend: 'Si fra til sikkerhetsteamet.',
  },
  'policy-source-unknown-version': {
    text: 'Nye regler er for en nyere versjon av Postern.',
    mend: 'Oppdater Postern.',
  },
  'policy-source-no-policy': { text: 'Det er ikke publisert regler ennå.' },
  'policy-source-disk': { text: 'Nye regler kunne ikke lagres.', mend: 'Frigjør plass på disken.' },
};
