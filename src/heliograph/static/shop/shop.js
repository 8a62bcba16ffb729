// The shop's own code: what a site writes around the SDK. Everything that the browser and Heliograph say is shown.
"use strict";

window.heliograph = window.heliograph || [];

const by = (id) => document.getElementById(id);
const show = (id, visible) => (by(id).hidden = !visible);

function note(text) {
  const entry = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  entry.append(time, text);
  const log = by("log");
  log.append(entry);
  log.scrollTop = log.scrollHeight;
}

const STATES = {
  default: "Nobody has asked you yet. Press the button, and your browser asks whether this shop may notify you.",
  denied: "Notifications of this site are blocked. Only you can change that, in the browser's own settings for this site.",
  subscribed: "You will hear from us, even when this page is closed.",
  pending: "Your browser is subscribed; Heliograph will hear of it as soon as it can be reached.",
  unsubscribed: "Notifications are allowed, but you are not subscribed.",
  unsupported: "This browser cannot receive web push here. A private window cannot either.",
  insecure: "Web push needs https, or http://localhost: open the shop under localhost.",
  "ios-needs-home-screen": "On iPhone and iPad, add this page to the home screen first, and open it from there.",
};

let subscription = null;

function render(status) {
  subscription = status.subscription;
  by("state").textContent = STATES[status.status] || status.detail;
  show("on", ["default", "unsubscribed"].includes(status.status));
  show("off", ["subscribed", "pending"].includes(status.status));
  show("try", status.status === "subscribed" && subscription !== null);
}

// Whose server the browser listens to is no secret; the rest of the address is.
async function pushService() {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    const found = await registration.pushManager.getSubscription();
    if (found) return new URL(found.endpoint).host;
  }
  return "an unknown push service";
}

async function told(status) {
  render(status);
  note(`Status: ${status.status} (${status.detail}).`);
  if (status.status === "subscribed") {
    note(`It receives through ${await pushService()}; Heliograph knows it as ${status.subscription}.`);
    show("commands", false);
    show("help", false);
  }
}

async function failed(error) {
  note(`${error.code}: ${error.message}`);
  if (error.code === "dismissed") return;
  by("help").textContent =
    error.code === "subscribe" || error.code === "timeout"
      ? "Your browser could not reach its push service. That needs the internet, and a browser that came with a push service; or open the shop as below."
      : "That did not work; the list says why.";
  show("help", true);
  await offerCommands();
}

async function offerCommands() {
  const answer = await fetch(`/browsers?page=${encodeURIComponent(location.href)}`).catch(() => null);
  if (!answer || !answer.ok) return;
  const commands = await answer.json();
  by("chromium").textContent = commands.chromium;
  by("firefox").textContent = commands.firefox;
  show("commands", true);
}

async function sendMeOne() {
  by("try").disabled = true;
  const answer = await fetch("/send-me-one", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ subscription, page: location.pathname }),
  }).catch(() => null);
  by("try").disabled = false;
  note(answer && answer.ok ? "The shop's server asked Heliograph to send you one." : "The shop's server could not send one.");
}

note(`Permission: ${window.Notification ? Notification.permission : "this browser knows no notifications"}.`);
heliograph.push(["status", (error, status) => (error ? failed(error) : render(status))]);
heliograph.push(["on", "changed", told]);
heliograph.push(["on", "error", failed]);
heliograph.push(["on", "clicked", (click) => {
  by("arrival").textContent = "You came here through a notification. The shop's statistics know that too.";
  show("arrival", true);
  note(`Opened by a notification (${click.notification || click.delivery}).`);
}]);

by("on").addEventListener("click", () => {
  note("Asking the browser…");
  heliograph.push(["subscribe", { groups: ["back-in-stock"] }]);
});
by("off").addEventListener("click", () => heliograph.push(["unsubscribe"]));
by("try").addEventListener("click", sendMeOne);

// What a shop tells of itself: which lamp is looked at, what is in the cart, what is bought. Page views tell themselves.
const lamp = by("item")?.dataset;

function tellCart() {
  heliograph.push((sdk) => {
    const { items } = sdk.getData().cart;
    const count = items.reduce((sum, item) => sum + item.count, 0);
    by("cart").textContent = count
      ? `In your cart: ${count}. Leave it there for a few seconds, and you hear of it, if you are subscribed.`
      : "";
    show("buy", count > 0);
  });
}

if (lamp) {
  const item = { id: lamp.id, title: lamp.title, price: lamp.price, url: location.href };
  heliograph.push(["trackItemView", { item }]);
  tellCart();
  by("add").addEventListener("click", () => {
    heliograph.push(["addToCart", { item: { ...item, count: 1 } }]);
    note(`Told Heliograph that the ${lamp.title} is in the cart.`);
    tellCart();
  });
  by("buy").addEventListener("click", () => {
    heliograph.push((sdk) => {
      const { items } = sdk.getData().cart;
      const price = items.reduce((sum, one) => sum + one.count * Number(one.price ?? 0), 0);
      sdk.push(["order", { order: { id: `order-${Date.now()}`, price, items } }]);
    });
    note("Told Heliograph of the order: nothing comes back of this cart.");
    tellCart();
  });
}

// Without the script nothing above ever answers.
setTimeout(() => {
  if (heliograph.loaded) return;
  by("state").textContent = "Heliograph's script did not load: is Heliograph running?";
}, 4000);
offerCommands();
