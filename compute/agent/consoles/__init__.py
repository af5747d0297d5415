"""Guests' consoles in a browser: VNC and serial over WebSockets, behind tokens."""
