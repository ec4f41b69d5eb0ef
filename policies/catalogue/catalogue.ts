/**
 * The catalogue that ships with the agent: which AI services and apps exist. Data only; its meaning is in
 * `schema/catalogue.ts`. It is checked against that schema by the tests, not at every start: parsing takes longer
 * than everything else a start does with it.
 */
import type { App, Catalogue, Service } from '../schema/catalogue.ts';
import apps from './apps.json' with { type: 'json' };
import services from './services.json' with { type: 'json' };

export function loadCatalogue(): Catalogue {
  return { services: services as readonly Service[], apps: apps as readonly App[] };
}
