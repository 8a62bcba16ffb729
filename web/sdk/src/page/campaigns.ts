/**
 * The runner of prompt campaigns: watches their triggers, keeps exclusion, priority and frequency, and lets at most one
 * prompt at a time come between the person and the page.
 */

import { holds, watch } from "../triggers";
import type { Kit } from "../widgets/kit/kit";
import { KINDS, type Campaign as Shape, type End, type Kind, type MakePrompt, type Shown } from "../widgets/prompt";
import { slotOf } from "../widgets/kit/slot";
import type { Status } from "./client";
import { makeHost } from "./host";
import { makeMemory, MEMORY_KEY, type Frequency } from "./memory";
import type { Around, Runner } from "./prompting";
import { makeTally } from "./tally";

export interface Campaign extends Shape {
  readonly variant?: string | null;
  readonly exclusion_group?: string | null;
  /** Higher goes first. */
  readonly priority: number;
  readonly frequency: Frequency;
  /** One group whose triggers all hold is enough; no groups: at once. */
  readonly triggers: readonly (readonly unknown[])[];
}

/** Milliseconds of peace after a prompt. */
const QUIET = 10_000;

/** In front of the page, where only one may be; the others have places of their own. */
const STAGE = "stage";
const placeOf = ({ prompt, spot }: Shape): string =>
  prompt === "bell" ? prompt : prompt === "inline" || (prompt === "html" && spot) ? `spot ${spot}` : STAGE;

/** What an exclusion group is remembered by; no campaign's id has a space. */
const groupOf = ({ exclusion_group }: Campaign): string => `group ${exclusion_group ?? ""}`;

/**
 * Whether a prompt of this kind is of use to somebody with this status: true, or the event that is counted instead, or
 * false when there is nothing to count.
 */
export function useful(kind: Kind, status: Status["status"]): boolean | string {
  if (kind === "home-screen") return status === "ios-needs-home-screen";
  if (status === "subscribed" || status === "pending") return "push-already-subscribed";
  if (status === "denied") return "push-already-denied";
  return status === "default" || status === "unsubscribed" || "push-unsupported";
}

/** Whether this page script can do something with it; a server may be newer. */
const understood = (given: unknown): given is Campaign => {
  const { id, prompt, triggers, frequency, texts } = (given ?? {}) as Partial<Campaign>;
  const groups = Array.isArray(triggers) && triggers.every(Array.isArray);
  return typeof id === "string" && KINDS.includes(prompt as Kind) && groups && Boolean(frequency && texts);
};

interface Standing {
  readonly campaign: Campaign;
  readonly since: number;
  /** The person has said yes to it. */
  accepted?: boolean;
  shown?: Shown;
}

export function makeRunner(around: Around): Runner {
  const { env, keeper, load, failed, fault } = around;
  const memory = makeMemory(keeper);
  const tally = makeTally(around);
  const mistaken = (sentence: string) => failed(fault(sentence));
  let campaigns: readonly Campaign[] = [];
  let status: Status | undefined;
  let peaceUntil = 0;
  let stopWatching = (): void => undefined;
  let previewed: string | null | undefined;
  /** Campaigns that are done with on this page, and exclusion groups that had their turn. */
  let settled = new Set<string>();
  let groups = new Set<string | null | undefined>();
  const places = new Map<string, Standing>();
  const watchers = new Set<() => void>();

  const triggered = ({ triggers }: Campaign) =>
    !triggers.length || triggers.some((group) => group.every((trigger) => holds(trigger, env, mistaken)));
  const allowed = (campaign: Campaign) =>
    memory.allows(campaign.id, campaign.frequency, env.now()) && !memory.rests(groupOf(campaign), env.now());
  const cover = () => places.get("bell")?.shown?.cover?.(places.has(STAGE));

  function leave(place: string, standing: Standing | undefined = places.get(place)): void {
    if (!standing || places.get(place) !== standing) return;
    places.delete(place);
    standing.shown?.hide();
    if (place !== STAGE) return;
    cover();
    peaceUntil = env.now() + QUIET;
    env.again(QUIET);
  }

  /** Puts a prompt into its place, once its file is there and `still` true. */
  async function put(
    campaign: Campaign,
    still: () => boolean,
    track: (event: string) => void,
    end: (how: End, seconds?: number) => void = () => undefined,
  ): Promise<boolean> {
    const place = placeOf(campaign);
    leave(place);
    const standing: Standing = { campaign, since: env.now() };
    places.set(place, standing);
    try {
      const [kit, make] = await Promise.all([load<Kit>("kit"), load<MakePrompt>(campaign.prompt)]);
      // Another tab may have shown it, and the page may have taken everything down, while the file was loading.
      if (places.get(place) !== standing || !still()) return (leave(place, standing), false);
      const host = makeHost(around, {
        campaign,
        status: () => status?.status ?? "default",
        watch: (listener) => (watchers.add(listener), () => watchers.delete(listener)),
        track,
        help: (kind) => void help(campaign, kind, track),
        end(how, seconds) {
          if (places.get(place) !== standing) return;
          leave(place, standing);
          end(how, seconds);
        },
      });
      const subscribe: typeof host.subscribe = (choice) => {
        standing.accepted = true;
        return host.subscribe(choice);
      };
      const shown = make(kit).show({ ...host, subscribe });
      if (!shown) return (leave(place, standing), false);
      standing.shown = shown;
      cover();
      return true;
    } catch (error) {
      leave(place, standing);
      failed(error);
      return false;
    }
  }

  /** Shows a campaign. `asked`: by the page or the person, not by a trigger. */
  async function present(campaign: Campaign, asked: boolean): Promise<boolean> {
    const { id, frequency, variant } = campaign;
    // Marked before its file arrives, so that it is tried once per page.
    settled.add(id);
    if (campaign.exclusion_group) groups.add(campaign.exclusion_group);
    const quietly = id === previewed;
    const ambient = placeOf(campaign) !== STAGE;
    const track = (event: string) => void (quietly || tally(campaign, event));
    const still = () => asked || ambient || allowed(campaign);
    const shown = await put(campaign, still, track, (how, seconds) => {
      if (quietly) return;
      if (how !== "done") track(`click-${how}`);
      const wait = how === "later" ? frequency.later_seconds : how === "close" ? frequency.close_seconds : 0;
      memory.rest(id, seconds ?? wait, env.now());
      // Another question of the same group would be the same question.
      if (campaign.exclusion_group) memory.rest(groupOf(campaign), seconds ?? wait, env.now());
    });
    if (!shown || quietly) return shown;
    if (variant != null) track("test-passed");
    track("show-widget");
    memory.shown(id, frequency, env.now());
    return true;
  }

  /** What stands in the way, explained in the campaign's look and language. */
  const help = (campaign: Campaign, kind: string, track: (event: string) => void) =>
    put({ ...campaign, prompt: kind as Kind, texts: {} }, () => true, track);

  /** Is there room for it, in its place and its exclusion group? */
  function room(campaign: Campaign): boolean {
    const place = placeOf(campaign);
    if (places.has(place) || (campaign.exclusion_group && groups.has(campaign.exclusion_group))) return false;
    return place === STAGE
      ? env.now() >= peaceUntil
      : place === "bell" || slotOf(campaign.spot, env.document) !== undefined;
  }

  function consider(campaign: Campaign, now: Status["status"]): void {
    const { id } = campaign;
    const stage = placeOf(campaign) === STAGE;
    const use = useful(campaign.prompt, now);
    settled.add(id);
    if (use !== true) {
      if (use) tally(campaign, use);
      // A bell or button is how people find the switch again, and the way out of having blocked us.
      if (stage || now === "unsupported" || now === "insecure") return;
    }
    if (stage ? allowed(campaign) : !memory.rests(id, env.now())) void present(campaign, false);
  }

  /** One look at everything; synchronous, for a moment (a custom event) is over when it returns. */
  function look(): void {
    // Nobody sees a prompt in a tab behind others; coming to the front calls for a new look.
    if (!status || env.document.visibilityState === "hidden") return;
    for (const campaign of campaigns)
      if (!settled.has(campaign.id) && triggered(campaign) && room(campaign)) consider(campaign, status.status);
  }

  env.listen(look);
  around.on("changed", (now) => {
    const news = now.status !== status?.status && now.status === "subscribed";
    status = now;
    const { accepted } = places.get(STAGE) ?? {};
    // Subscribed by other means, while it was asking.
    if (news && accepted === undefined) leave(STAGE);
    for (const listener of watchers) listener();
    look();
  });
  around.on("unsubscribed", () => memory.left(env.now()));
  // Answered in another tab: gone from this one too.
  env.window.addEventListener("storage", ({ key }) => {
    if (key !== MEMORY_KEY) return;
    for (const [place, { campaign, since }] of places) if (memory.answeredSince(campaign.id, since)) leave(place);
  });

  return {
    take(given, now) {
      status = now;
      campaigns = given.filter(understood).sort((one, other) => other.priority - one.priority);
      if (campaigns.length < given.length)
        mistaken("a prompt campaign is of a kind that this page script does not know");
      const standing = [...places.values()].map(({ campaign }) => campaign);
      settled = new Set(standing.map(({ id }) => id));
      groups = new Set(standing.map(({ exclusion_group }) => exclusion_group));
      stopWatching();
      const kinds = campaigns
        .flatMap(({ triggers }) => triggers)
        .flatMap((group) => group.map((one) => (one as { kind?: unknown } | null)?.kind));
      stopWatching = watch(kinds, env, look);
      previewed = new URLSearchParams(env.window.location.search).get("heliograph_preview");
      const wanted = campaigns.find(({ id }) => id === previewed);
      if (wanted && !settled.has(wanted.id)) void present(wanted, true);
      look();
    },
    async showPrompt(id) {
      const campaign = campaigns.find((one) => one.id === id);
      if (!campaign) throw fault(`this visitor has no prompt campaign "${id}"`);
      const blocked = status?.status === "denied" && placeOf(campaign) === STAGE;
      if (blocked) tally(campaign, "push-already-denied");
      const shown = blocked ? help(campaign, "unblock", (event) => tally(campaign, event)) : present(campaign, true);
      return { shown: await shown };
    },
    hidePrompts() {
      for (const place of [...places.keys()]) leave(place);
    },
  };
}
