/** fetch(), answered by a small Heliograph in memory that keeps to the public API. */

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: any;
}

export interface Row {
  readonly id: string;
  secret: string;
  state: string;
  endpoint: string;
  identity: unknown;
  groups: unknown[];
  serverKey: string;
}

type Answer = readonly [status: number, body?: unknown];

export class FakeHeliograph {
  exchanges: Exchange[] = [];
  rows = new Map<string, Row>();
  receipts: any[] = [];
  /** The bodies of batches of events. */
  batches: any[] = [];
  serverKey = "a2V5LTE";
  project = "prj_1";
  /** Taken instead of the real answer while it returns one; "offline" rejects as fetch does. */
  trouble: ((exchange: Exchange) => Answer | "offline" | undefined) | undefined;
  private count = 0;
  private underWay = 0;

  /** Resolves when every request that was made is answered. */
  async idle(): Promise<void> {
    do await new Promise((resolve) => setTimeout(resolve));
    while (this.underWay);
  }

  reset(): void {
    Object.assign(this, {
      exchanges: [],
      rows: new Map(),
      receipts: [],
      batches: [],
      serverKey: "a2V5LTE",
      project: "prj_1",
      trouble: undefined,
    });
  }

  /** The events that were taken, in order, as [name, properties]. */
  get events(): [string, any][] {
    return this.batches.flatMap(({ events }) => events.map(({ name, properties }: any) => [name, properties]));
  }

  /** "METHOD /path" of every request, without the base. */
  get log(): string[] {
    return this.exchanges.map(({ method, path }) => `${method} ${path}`);
  }

  readonly fetch = async (
    input: string,
    init: RequestInit & { headers: Record<string, string> },
  ): Promise<Response> => {
    const url = new URL(input);
    const exchange: Exchange = {
      method: init.method ?? "GET",
      path: url.pathname.replace("/v1/public", "") + url.search,
      headers: init.headers,
      body: init.body ? JSON.parse(init.body as string) : undefined,
    };
    this.exchanges.push(exchange);
    this.underWay++;
    await new Promise((resolve) => setTimeout(resolve));
    this.underWay--;
    const answer = this.trouble?.(exchange) ?? this.answer(exchange, url);
    if (answer === "offline") throw new TypeError("Failed to fetch");
    const [status, body] = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  };

  private answer({ method, headers, body }: Exchange, url: URL): Answer {
    const [resource, id, part] = url.pathname.replace("/v1/public/", "").split("/");
    if (resource === "config")
      return [200, { project: this.project, application_server_key: this.serverKey, vapid_key_id: "vap_1" }];
    if (resource === "receipts") {
      this.receipts.push(...body.receipts);
      return [202, { accepted: body.receipts.length, refused: [] }];
    }
    if (resource === "events") {
      this.batches.push(body);
      return [202, { accepted: body.events.length, refused: [], identified: Boolean(body.identity) }];
    }
    if (!id) return this.register(body);
    const row = this.rows.get(id);
    if (!row) return [404, { code: "not_found", detail: "there is no such subscription" }];
    if (headers["Authorization"] !== `Bearer ${row.secret}`)
      return [401, { code: "unauthorized", detail: "wrong secret" }];
    if (part === "identity") row.identity = method === "POST" ? body : null;
    if (part) return part === "identity" && method === "POST" ? [200, { identified: true }] : [204];
    if (method === "DELETE") {
      row.state = "unsubscribed";
      return [204];
    }
    if (method === "PUT") this.fill(row, body);
    return [200, this.view(row)];
  }

  private register(body: any): Answer {
    if (body.application_server_key !== this.serverKey)
      return [422, { code: "application_server_key_unknown", detail: "not a key of this project" }];
    const known = [...this.rows.values()].find((row) => row.endpoint === body.endpoint);
    const id = known?.id ?? `sub_${++this.count}`;
    const row: Row = known ?? { id, secret: "", state: "", endpoint: "", identity: null, groups: [], serverKey: "" };
    row.secret = `hss_${++this.count}`;
    this.rows.set(id, row);
    this.fill(row, body);
    row.groups = body.groups ?? [];
    return [known ? 200 : 201, { ...this.view(row), secret: row.secret }];
  }

  private fill(row: Row, body: any): void {
    row.endpoint = body.endpoint;
    row.serverKey = body.application_server_key;
    row.state = "active";
    if (body.identity) row.identity = body.identity;
  }

  private view({ id, state, groups, identity }: Row) {
    return {
      id,
      state,
      groups,
      vapid_key_id: "vap_1",
      application_server_key_current: true,
      identified: Boolean(identity),
    };
  }
}

export function installNetwork(): FakeHeliograph {
  const heliograph = new FakeHeliograph();
  globalThis.fetch = heliograph.fetch as unknown as typeof fetch;
  return heliograph;
}
