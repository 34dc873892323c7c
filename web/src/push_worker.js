// Shows push messages while no page is open. One notification is shown once: its tag is its id.

self.addEventListener("push", (event) => {
  const { id, title } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { tag: id }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openInbox());
});

async function openInbox() {
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages[0] ?? (await self.clients.openWindow("/#/notifications"));
  await page?.focus();
  if (pages[0]) await page.navigate("/#/notifications").catch(() => null);
}
