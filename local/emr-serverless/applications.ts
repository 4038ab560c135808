import type {
  CreateApplicationRequest,
  CreateApplicationResponse,
  ListApplicationsRequest,
  ListApplicationsResponse,
  UpdateApplicationRequest,
} from '@aws-sdk/client-emr-serverless';
import type { Validated } from '../wire/index.ts';
import { applicationSummary } from './application-view.ts';
import { conflict, invalid, notFound } from './errors.ts';
import { fingerprintOf, newId, type Names } from './identity.ts';
import { pageOf } from './paging.ts';
import { TERMINAL_RUN_STATES, type ApplicationRecord } from './records.ts';
import type { Store } from './store.ts';

/** Pre-initialised capacity of applications. */
export interface Capacity {
  /** Resolves when the first worker is ready, at once if the application asks for none. */
  readonly start: (application: ApplicationRecord) => Promise<void>;
  readonly stop: (applicationId: string) => Promise<void>;
}

const CHANGEABLE: ReadonlySet<string> = new Set(['CREATED', 'STOPPED']);

/** The applications: created, configured, started and stopped. */
export class Applications {
  readonly #store: Store;
  readonly #names: Names;
  readonly #capacity: Capacity;
  /** Called when an application can take runs. */
  onStarted: (applicationId: string) => void = () => undefined;

  constructor(store: Store, names: Names, capacity: Capacity) {
    this.#store = store;
    this.#names = names;
    this.#capacity = capacity;
    // Capacity does not outlive the server, so an application that was up starts again on demand.
    for (const application of store.applications.values()) {
      if (['STARTING', 'STARTED', 'STOPPING'].includes(application.state)) {
        this.#become(application, 'STOPPED', 'Stopped with the local platform');
      }
    }
  }

  get(id: string): ApplicationRecord {
    const application = this.#store.applications.get(id);
    if (application === undefined) throw notFound(`Application ${id} does not exist`);
    return application;
  }

  create(request: Validated<CreateApplicationRequest>): CreateApplicationResponse {
    const { clientToken, ...parameters } = request;
    const fingerprint = fingerprintOf(parameters);
    const earlier = [...this.#store.applications.values()].find((each) => each.request.clientToken === clientToken);
    if (earlier !== undefined && earlier.fingerprint !== fingerprint) {
      throw conflict(`Client token ${clientToken ?? ''} was used with other parameters`);
    }
    const application = earlier ?? this.#add(request, fingerprint);
    const { id, settings } = application;
    const named = settings.name === undefined ? {} : { name: settings.name };
    return { applicationId: id, arn: this.#names.application(id), ...named };
  }

  #add(request: Validated<CreateApplicationRequest>, fingerprint: string): ApplicationRecord {
    if (request.type.toLowerCase() !== 'spark') {
      throw invalid(`Applications of type ${request.type} are not supported by this local server, only SPARK`);
    }
    const application: ApplicationRecord = {
      id: newId(),
      createdAtMs: Date.now(),
      request,
      fingerprint,
      settings: request,
      tags: { ...request.tags },
      state: 'CREATED',
      stateDetails: 'Created',
      updatedAtMs: Date.now(),
    };
    this.#store.saveApplication(application);
    return application;
  }

  list(request: Validated<ListApplicationsRequest>): ListApplicationsResponse {
    const found = [...this.#store.applications.values()]
      .filter(({ state }) => request.states?.includes(state) ?? true)
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    const order = new Map(found.map((each, index) => [each, index]));
    const { items, ...rest } = pageOf(found, (each) => order.get(each) ?? 0, request.nextToken, request.maxResults);
    return { applications: items.map((each) => applicationSummary(each, this.#names)), ...rest };
  }

  update(request: Validated<UpdateApplicationRequest>): ApplicationRecord {
    const { applicationId, ...changes } = request;
    const application = this.get(applicationId);
    if (!CHANGEABLE.has(application.state)) {
      throw invalid(
        `Application ${applicationId} must be CREATED or STOPPED to be updated, it is ${application.state}`,
      );
    }
    application.settings = { ...application.settings, ...changes };
    this.#store.saveApplication(application);
    return application;
  }

  /** Starts the application if it is not up; its runs go on when it is. */
  start(id: string): void {
    const application = this.get(id);
    if (application.state === 'STARTING' || application.state === 'STARTED') return;
    if (!CHANGEABLE.has(application.state)) {
      throw invalid(`Application ${id} cannot be started while it is ${application.state}`);
    }
    this.#become(application, 'STARTING', 'Starting');
    void this.#capacity.start(application).then(
      () => {
        if (application.state !== 'STARTING') return;
        this.#become(application, 'STARTED', 'Started');
        this.onStarted(id);
      },
      (error: unknown) => {
        this.#become(application, 'STOPPED', `Could not start: ${String(error)}`.slice(0, 256));
        this.onStarted(id);
      },
    );
  }

  stop(id: string, reason = 'Stopped'): void {
    const application = this.get(id);
    if (application.state !== 'STARTED' && application.state !== 'STARTING') return;
    if (this.#store.runsOf(id).some((run) => !TERMINAL_RUN_STATES.has(run.state))) {
      throw invalid(`Application ${id} has job runs that are not finished: cancel them first`);
    }
    this.#become(application, 'STOPPING', reason);
    void this.#capacity.stop(id).then(() => {
      this.#become(application, 'STOPPED', reason);
    });
  }

  delete(id: string): void {
    const application = this.get(id);
    if (!CHANGEABLE.has(application.state)) {
      throw invalid(`Application ${id} must be CREATED or STOPPED to be deleted, it is ${application.state}`);
    }
    this.#become(application, 'TERMINATED', 'Deleted');
  }

  #become(application: ApplicationRecord, state: ApplicationRecord['state'], details: string): void {
    application.state = state;
    application.stateDetails = details;
    this.#store.saveApplication(application);
  }
}
