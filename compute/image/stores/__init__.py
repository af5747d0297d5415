"""Where the bytes of images are kept: one interface, several stores."""
