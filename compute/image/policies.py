"""Who may do what with images: the defaults, by the names that operators know."""

from __future__ import annotations

from compute.image.metadefs.model import KINDS

_SEES = """role:admin or (role:reader and (project_id:%(project_id)s
    or project_id:%(member_id)s or 'community':%(visibility)s
    or 'public':%(visibility)s))"""
_USES = """role:admin or (role:member and (project_id:%(project_id)s
    or project_id:%(member_id)s or 'community':%(visibility)s
    or 'public':%(visibility)s))"""
_OWNS = "role:admin or (role:member and project_id:%(project_id)s)"
_OWNS_TO_READ = "role:admin or (role:reader and project_id:%(project_id)s)"

_IMAGES = {
    "add_image": _OWNS,
    "get_image": _SEES,
    "get_images": "role:admin or role:reader",
    "modify_image": _OWNS,
    "delete_image": _OWNS,
    "publicize_image": "role:admin",
    "communitize_image": _OWNS,
    "upload_image": _OWNS,
    "download_image": _USES,
    "copy_image": "role:admin",
    "deactivate": _OWNS,
    "reactivate": _OWNS,
    "get_member": _SEES,
    "get_members": _SEES,
    "add_member": _OWNS,
    "delete_member": _OWNS,
    "modify_member": "role:admin or (role:member and project_id:%(member_id)s)",
    "get_task": _OWNS_TO_READ,
    "tasks_api_access": "role:admin",
    "stores_info_detail": "role:admin",
    "delete_image_location": _OWNS,
    "set_image_owner": "role:admin",
    "set_image_status": "role:service",
    "hold_image": "role:service",
}

# Everybody reads what is public; only administrators write: a definition is read by
# people of other projects, in the words of whoever wrote it.
_SEES_DEFINITIONS = """role:admin or (role:reader and (project_id:%(project_id)s
    or 'public':%(visibility)s))"""
_METADEFS = {
    "add_metadef_namespace": "role:admin",
    "modify_metadef_namespace": "role:admin",
    "delete_metadef_namespace": "role:admin",
    "get_metadef_namespace": _SEES_DEFINITIONS,
    "get_metadef_namespaces": "role:admin or role:reader",
    "list_metadef_resource_types": "role:admin or role:reader",
    **{rule: _SEES_DEFINITIONS for kind in KINDS for rule in (kind.show, kind.list)},
    **{
        rule: "role:admin"
        for kind in KINDS
        for rule in (kind.add, kind.change, kind.remove)
    },
}

DEFAULTS = {**_IMAGES, **_METADEFS}
