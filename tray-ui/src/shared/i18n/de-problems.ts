import type { ProblemWords } from './problem-words.ts';

/** The agent's problems in German, by their codes; its own sentence, with the details, stands below them. */
export const deProblems: ProblemWords = {
  'budgets-lost': {
    text: 'Die Aufzeichnung, was Budgets ausgegeben haben, ist verloren: Sie gelten als aufgebraucht, bis ihr Zeitraum endet.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'ca-expires': {
    text: 'Das Zertifikat von Postern auf diesem Gerät läuft bald ab.',
    mend: 'Führen Sie aus: postern trust renew',
  },
  'config-refused': {
    text: 'Eine geänderte Einstellung gilt noch nicht.',
    mend: 'Was nicht stimmt, steht darunter.',
  },
  'outside-name-constraints': {
    text: 'Einige Adressen der Regeln kann dieses Gerät nicht prüfen; sie laufen unberührt durch.',
    mend: 'Führen Sie aus: postern trust renew',
  },
  'policy-refused': {
    text: 'Neuere Regeln wurden abgelehnt; die bisherigen gelten weiter.',
    mend: 'Wer die Regeln veröffentlicht, muss brauchbare veröffentlichen; was nicht stimmt, steht darunter.',
  },
  'store-closed': { text: 'Der Verlauf wird gerade nicht geschrieben.', mend: 'Starten Sie Postern neu.' },
  'store-disk-full': {
    text: 'Die Festplatte ist voll: Der Verlauf wird behalten, bis wieder Platz ist.',
    mend: 'Schaffen Sie Platz auf der Festplatte.',
  },
  'store-stalled': {
    text: 'Der Verlauf wird nicht rechtzeitig geschrieben; er wartet.',
    mend: 'Wenn es so bleibt, starten Sie Postern neu.',
  },
  'store-write-failing': {
    text: 'Der Verlauf kann gerade nicht geschrieben werden; er wird behalten, bis es wieder geht.',
    mend: 'Schaffen Sie Platz auf der Festplatte, und sagen Sie es Ihrem Sicherheitsteam.',
  },
  'store-set-aside': {
    text: 'Die Datenbank war beschädigt und wurde beiseitegelegt; eine neue wurde begonnen.',
    mend: 'Heben Sie die Datei für Ihr Sicherheitsteam auf.',
  },
  'vault-set-aside': {
    text: 'Verborgene Werte waren beschädigt: Platzhalter in früheren Gesprächen lassen sich vielleicht nicht zurückverwandeln. Neue funktionieren.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'gateway-down': {
    text: 'Das KI-Gateway der Firma ist nicht erreichbar.',
    mend: 'Prüfen Sie Netz und VPN; wenn beides geht, sagen Sie es denen, die das Gateway betreiben.',
  },
  'gateway-degraded': {
    text: 'Ein Teil des KI-Gateways der Firma ist nicht erreichbar; ein anderer nimmt die Aufrufe.',
    mend: 'Prüfen Sie Netz und VPN, wenn es so bleibt.',
  },
  'gateway-key-inactive': {
    text: 'Das Gateway hat Ihren Schlüssel abgeschaltet.',
    mend: 'Wählen Sie einen anderen Schlüssel, oder fragen Sie, wer das Gateway betreibt.',
  },
  'gateway-no-key': {
    text: 'Für das Gateway fehlt ein Schlüssel: Seine Aufrufe werden abgelehnt.',
    mend: 'Melden Sie sich an.',
  },
  'gateway-quota-unknown': { text: 'Wie viel beim Gateway noch übrig ist, lässt sich nicht lesen.' },
  'no-gateway': {
    text: 'Die Regeln schicken Dienste über ein Gateway, und keines ist eingestellt: Diese Aufrufe werden abgelehnt.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'sign-in-needed': {
    text: 'Niemand ist angemeldet: Was die Firma Ihnen oder Ihrem Team gibt (Schlüssel, Budgets, Regeln), gilt noch nicht.',
    mend: 'Melden Sie sich an.',
  },
  'clock-behind': {
    text: 'Die Uhr dieses Geräts geht nach oder wurde zurückgestellt.',
    mend: 'Stellen Sie die Uhr.',
  },
  'clock-wrong': { text: 'Die Uhr dieses Geräts geht falsch.', mend: 'Stellen Sie die Uhr.' },
  'no-bundle-yet': {
    text: 'Vom Server für Regeln ist noch nichts gekommen: Es gelten die mitgelieferten Regeln oder die der Datei.',
  },
  override: {
    text: 'Der Helpdesk hat die Regeln für eine Weile aufgehoben.',
    mend: 'Auf der Seite „Hilfe“ lässt es sich beenden.',
  },
  'switch-block': { text: 'Ihre Firma hat KI-Aufrufe für eine Weile angehalten.' },
  'switch-aside': { text: 'Ihre Firma lässt KI-Aufrufe für eine Weile ungeprüft durch.' },
  'policy-fell-back': {
    text: 'Die letzten neuen Regeln machten Schwierigkeiten und wurden zurückgenommen.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'policy-grace': {
    text: 'Die Regeln sind über ihr Datum hinaus; vorerst gelten sie weiter.',
    mend: 'Lassen Sie dieses Gerät ins Netz, damit es neue holen kann.',
  },
  'policy-too-old': {
    text: 'Die Regeln sind zu alt.',
    mend: 'Lassen Sie dieses Gerät ins Netz, oder fragen Sie den Helpdesk nach einem Code.',
  },
  'telemetry-failing': {
    text: 'Aufzeichnungen kommen gerade nicht bei der Firma an; sie warten auf diesem Gerät.',
    mend: 'Nichts geht verloren. Wenn es so bleibt, sagen Sie es Ihrer IT.',
  },
  'enrolment-stale': {
    text: 'Dieses Gerät gehört noch zu einer anderen Firma.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'enrolment-unreadable': {
    text: 'Zu welcher Firma dieses Gerät gehört, lässt sich nicht lesen.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'tenant-mismatch': {
    text: 'Dieses Gerät ist für eine andere Firma eingerichtet.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'keychain-locked': {
    text: 'Der Schlüsselbund ist gesperrt: Anmeldung und Schlüssel lassen sich nicht lesen.',
    mend: 'Entsperren Sie ihn.',
  },
  'secrets-not-written': {
    text: 'Anmeldung und Schlüssel konnten nicht gespeichert werden: Nach einem Neustart fehlen sie.',
    mend: 'Schaffen Sie Platz auf der Festplatte, oder entsperren Sie den Schlüsselbund.',
  },
  'secrets-unreadable': {
    text: 'Die gespeicherte Anmeldung ist nicht mehr lesbar.',
    mend: 'Melden Sie sich noch einmal an.',
  },
  'virtual-key-missing': {
    text: 'Der Schlüssel, der benutzt werden soll, ist nicht da.',
    mend: 'Melden Sie sich an, oder wählen Sie einen anderen Schlüssel.',
  },
  'virtual-key-refused': {
    text: 'Das Gateway nimmt Ihren Schlüssel nicht an.',
    mend: 'Wählen Sie einen anderen Schlüssel, oder fragen Sie, wer das Gateway betreibt.',
  },
  'session-ended': { text: 'Ihre Anmeldung ist zu Ende.', mend: 'Melden Sie sich noch einmal an.' },
  'sign-out-incomplete': {
    text: 'Sie sind hier abgemeldet, beim Anbieter aber vielleicht noch nicht.',
    mend: 'Melden Sie sich auch im Browser ab.',
  },
  'provider-unreachable': {
    text: 'Die Anmeldeseite der Firma ist nicht erreichbar.',
    mend: 'Prüfen Sie Netz und VPN; Sie bleiben angemeldet.',
  },
  'proxy-credentials': { text: 'Der Proxy der Firma verlangt ein Passwort.', mend: 'Sagen Sie es Ihrer IT.' },
  'provider-certificate': {
    text: 'Dem Zertifikat der Anmeldeseite wird nicht vertraut.',
    mend: 'Prüfen Sie die Uhr; wenn sie stimmt, sagen Sie es Ihrer IT.',
  },
  'captive-portal': {
    text: 'Dieses Netz verlangt erst eine Anmeldung (Hotel, Gäste-WLAN).',
    mend: 'Öffnen Sie einen Browser und melden Sie sich im Netz an.',
  },
  'provider-failed': {
    text: 'Die Anmeldeseite der Firma hat gerade Schwierigkeiten.',
    mend: 'Versuchen Sie es später noch einmal.',
  },
  'discovery-failed': {
    text: 'Die Anmeldung ist nicht richtig eingerichtet.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'sign-in-refused': {
    text: 'Die Anmeldung wurde abgelehnt.',
    mend: 'Versuchen Sie es noch einmal; wenn es so bleibt, fragen Sie Ihre IT.',
  },
  'sign-in-expired': {
    text: 'Die Anmeldung hat zu lange gedauert.',
    mend: 'Melden Sie sich noch einmal an.',
  },
  'sign-in-cancelled': { text: 'Die Anmeldung wurde abgebrochen.', mend: 'Melden Sie sich noch einmal an.' },
  'sign-in-mismatch': {
    text: 'Die Antwort der Anmeldeseite passt nicht zu dieser Anmeldung.',
    mend: 'Melden Sie sich noch einmal an; wenn es so bleibt, sagen Sie es Ihrem Sicherheitsteam.',
  },
  'device-flow-unsupported': {
    text: 'Mit einem Code kann man sich hier nicht anmelden.',
    mend: 'Melden Sie sich mit dem Browser an.',
  },
  'client-refused': {
    text: 'Die Anmeldung ist bei der Firma nicht eingerichtet.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'key-refused': {
    text: 'Ein Schlüssel für das Gateway wurde nicht ausgestellt.',
    mend: 'Fragen Sie, wer das Gateway betreibt.',
  },
  'enrolment-refused': {
    text: 'Die Firma hat dieses Gerät nicht aufgenommen.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'enrolment-failed': {
    text: 'Dieses Gerät konnte noch nicht aufgenommen werden.',
    mend: 'Es wird von selbst wieder versucht.',
  },
  'policy-source-no-root': {
    text: 'Woran Regeln der Firma zu erkennen sind, ist nicht eingestellt.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'policy-source-other-root': {
    text: 'Die Einstellung nennt die Regeln einer anderen Firma.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'policy-source-unreachable': {
    text: 'Der Server für Regeln ist nicht erreichbar.',
    mend: 'Prüfen Sie das Netz; es geht nichts verloren.',
  },
  'policy-source-timeout': {
    text: 'Der Server für Regeln antwortet nicht rechtzeitig.',
    mend: 'Es wird von selbst wieder versucht.',
  },
  'policy-source-proxy-auth': {
    text: 'Der Proxy der Firma verlangt ein Passwort.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'policy-source-captive-portal': {
    text: 'Dieses Netz verlangt erst eine Anmeldung (Hotel, Gäste-WLAN).',
    mend: 'Öffnen Sie einen Browser und melden Sie sich im Netz an.',
  },
  'policy-source-forbidden': {
    text: 'Der Server für Regeln gibt sie nicht heraus.',
    mend: 'Sagen Sie es Ihrer IT.',
  },
  'policy-source-not-found': { text: 'Auf dem Server liegen keine Regeln.', mend: 'Sagen Sie es Ihrer IT.' },
  'policy-source-server-error': {
    text: 'Der Server für Regeln hat gerade Schwierigkeiten.',
    mend: 'Es wird von selbst wieder versucht.',
  },
  'policy-source-truncated': {
    text: 'Neue Regeln sind unvollständig angekommen.',
    mend: 'Es wird von selbst wieder versucht.',
  },
  'policy-source-not-as-signed': {
    text: 'Neue Regeln sind nicht die, die unterschrieben wurden.',
    mend: 'Wenn es so bleibt, sagen Sie es Ihrem Sicherheitsteam.',
  },
  'policy-source-not-signed': {
    text: 'Neue Regeln sind nicht von der Firma unterschrieben.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'policy-source-rolled-back': {
    text: 'Der Server bietet ältere Regeln an, als dieses Gerät schon kennt.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'policy-source-expired': {
    text: 'Der Server bietet nur Regeln an, die über ihr Datum hinaus sind.',
    mend: 'Wer Regeln veröffentlicht, muss sie erneuern.',
  },
  'policy-source-wrong-clock': {
    text: 'Die Uhr dieses Geräts geht falsch: Neue Regeln wirken abgelaufen.',
    mend: 'Stellen Sie die Uhr.',
  },
  'policy-source-too-large': {
    text: 'Neue Regeln sind größer, als sie sein dürfen.',
    mend: 'Sagen Sie es Ihrem Sicherheitsteam.',
  },
  'policy-source-unknown-version': {
    text: 'Neue Regeln sind für eine neuere Version von Postern.',
    mend: 'Aktualisieren Sie Postern.',
  },
  'policy-source-no-policy': { text: 'Es sind noch keine Regeln veröffentlicht.' },
  'policy-source-disk': {
    text: 'Neue Regeln konnten nicht gespeichert werden.',
    mend: 'Schaffen Sie Platz auf der Festplatte.',
  },
};
