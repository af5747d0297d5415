"""How the bytes of images come in, stay safe, and go."""
