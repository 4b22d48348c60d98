"use strict";
// The script of the page: Airflow's theme, dialogs that call the REST API, links out of Airflow's frame, what-if at once.
(() => {
  const HEADER = { "X-Requested-With": "retraining", "Content-Type": "application/json" };
  const API = "../api/v1/";
  const root = document.documentElement;
  const framed = window.parent !== window;

  function followTheme() {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* a browser may keep it from us: the system's then */ }
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
    else delete root.dataset.theme;
  }
  followTheme();
  window.addEventListener("storage", (event) => { if (event.key === "theme" || event.key === null) followTheme(); });

  function toast(text) {
    const place = document.getElementById("toast");
    place.textContent = text;
    place.classList.add("on");
    setTimeout(() => place.classList.remove("on"), 4000);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    toast("Copied");
  }

  // Airflow's frame lets nothing open outside of it, but its own document may: it is of the same origin.
  function outside(link) {
    let host = document;
    try { host = framed ? window.parent.document : document; } catch { host = document; }
    const made = host.createElement("a");
    made.href = link.href;
    if (link.dataset.file) made.download = link.dataset.file;
    host.body.append(made);
    made.click();
    made.remove();
  }

  function valueOf(field) {
    const text = field.value.trim();
    switch (field.dataset.kind) {
      case "check": return field.checked;
      case "fixed": return JSON.parse(field.value);
      case "number": return text === "" ? undefined : Number(text);
      case "json": return text === "" ? undefined : JSON.parse(text);
      case "moment": return text === "" ? undefined : `${text}:00Z`;
      default: return text === "" ? undefined : text;
    }
  }

  function bodyOf(form) {
    const body = {};
    for (const field of form.querySelectorAll("[data-kind]")) {
      const label = form.querySelector(`label[for="${CSS.escape(field.id)}"]`);
      let value;
      try { value = valueOf(field); } catch (error) { throw new Error(`${label?.textContent ?? field.name}: ${error.message}`); }
      if (value !== undefined) body[field.name] = value;
    }
    return body;
  }

  function preview(form) {
    const place = form.querySelector("[data-preview]");
    try {
      place.textContent = `POST ${new URL(API + form.dataset.path, location).pathname}\n${JSON.stringify(bodyOf(form), null, 2)}`;
    } catch (error) { place.textContent = error.message; }
  }

  function tell(form, text, kind) {
    const place = form.querySelector("[data-told]");
    place.textContent = text;
    place.className = `told ${kind}`;
  }

  async function send(form) {
    if (!form.reportValidity()) return;
    let body;
    try { body = bodyOf(form); } catch (error) { tell(form, error.message, "bad"); return; }
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    tell(form, "Sending…", "");
    try {
      const answer = await fetch(API + form.dataset.path, {
        method: "POST", credentials: "same-origin", body: JSON.stringify(body),
        headers: { ...HEADER, "Idempotency-Key": form.dataset.key },
      });
      const told = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(told.detail || `${answer.status} ${answer.statusText}`);
      done(form, told);
    } catch (error) {
      tell(form, error.message, "bad");
      button.disabled = false;
      form.dataset.key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    }
  }

  function done(form, told) {
    const run = told.run_id && told.state ? told : told.run;
    tell(form, [run ? `Done: run ${run.run_id} is ${run.state}.` : "Done: it is on record.", told.note].filter(Boolean).join(" "), "good");
    form.dataset.done = "yes";
    const close = form.querySelector("[data-closes]");
    close.textContent = "Close";
    close.focus();
  }

  function open(dialog) {
    const form = dialog.querySelector("form");
    form.dataset.key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    preview(form);
    dialog.showModal();
  }

  // What if: each change asks the server anew and puts its answer in place of the last one.
  let waiting = 0;
  async function reconsider(form) {
    const mine = ++waiting;
    const place = document.getElementById("result");
    place.setAttribute("aria-busy", "true");
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    const address = `${form.getAttribute("action")}?${query}`;
    const answer = await fetch(address, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== waiting) return;
    const found = page.getElementById("result") ?? page.querySelector("main");
    place.replaceChildren(...found.childNodes);
    place.removeAttribute("aria-busy");
    history.replaceState(null, "", address);
  }

  document.addEventListener("click", (event) => {
    const leads = event.target.closest("[data-to]"); // in a picture; the table beside it has links for keyboards
    if (leads) location.assign(leads.dataset.to);
    const at = event.target.closest("[data-opens],[data-closes],[data-permalink],[data-copies],[data-airflow],[data-file]");
    if (!at) return;
    if (at.dataset.opens) open(document.getElementById(at.dataset.opens));
    else if ("closes" in at.dataset) at.closest("dialog").close();
    else if ("permalink" in at.dataset) copy(location.href);
    else if (at.dataset.copies) copy(document.getElementById(at.dataset.copies).textContent);
    else if (framed || at.dataset.file) { event.preventDefault(); outside(at); }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.path) { event.preventDefault(); send(event.target); }
  });
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.dataset.path) preview(form);
    if (!form || !("live" in form.dataset)) return;
    const twin = event.target.dataset.twin && form.elements[event.target.dataset.twin];
    if (twin) twin.value = event.target.value;
    const range = form.querySelector(`[data-twin="${CSS.escape(event.target.name || "-")}"]`);
    if (range && event.target.value !== "") range.value = event.target.value;
    clearTimeout(form.timer);
    form.timer = setTimeout(() => reconsider(form), 250);
  });
  document.addEventListener("change", (event) => {
    if (event.target.dataset.goes !== undefined) event.target.form.requestSubmit();
  });
  document.addEventListener("close", (event) => {
    if (event.target.querySelector?.("form[data-done]")) location.reload();
  }, true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const hidden of document.querySelectorAll("[data-permalink],[data-copies]")) hidden.hidden = false;
    if (framed) for (const link of document.querySelectorAll("a[download]")) link.removeAttribute("download");
  });
})();
