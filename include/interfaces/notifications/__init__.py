"""Notifications as a face: e-mail, chat, webhooks, pagers and callbacks, by apprise; one service at a time."""
