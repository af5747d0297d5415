"""Disks and QEMU's programs for them: images, exports, what strangers uploaded."""
