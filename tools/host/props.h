/*
 * Properties of the host's objects: one table for each kind of object.
 *
 * From a row come `iovlab show` (also as JSON), `iovlab set` and `new`, what a
 * host file may say, what a migrated or saved VM carries along, the messages
 * for wrong values, and the page in docs/ (tools/properties.c).
 *
 * A property that can be set is a field of the object's configuration.  Setting
 * is a transaction: all values are checked, then stored, then applied in turn;
 * when one cannot be applied the configuration is as before, and so is what
 * was applied.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_PROPS_H
#define TOOLS_HOST_PROPS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Host;
struct ControlRequest;

/* Stable code and text of what was wrong; clear with prop_error_clear(). */
typedef struct PropError {
    const char *code;           /* ERR_*; NULL: nothing */
    char *text;
} PropError;

/* Notes the first error only; returns false. */
bool prop_fail(PropError *error, const char *code, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
void prop_error_clear(PropError *error);

typedef enum PropType {
    PROP_BOOL,                  /* field: bool */
    PROP_INT,                   /* uint64_t within min..max */
    PROP_TEXT,                  /* char *, owned, never NULL; up to max bytes */
    PROP_FILE,                  /* the same: an absolute path, or "" */
    PROP_ENUM,                  /* unsigned, index of words */
    PROP_MAC,                   /* uint8_t[6]; all zero: none */
    PROP_REASONS,               /* shown only: array of Code and Text */
    PROP_ARRAY,                 /* shown only: a list of objects */
    PROP_OBJECT,                /* shown only */
} PropType;

typedef enum PropWhen {
    PROP_SHOWN,                 /* it cannot be set */
    PROP_CREATION,              /* when the object is made */
    PROP_OFF,                   /* and while its VM is off */
    PROP_ALWAYS,
} PropWhen;

/* What more than a role it takes to set it; for other users than the owner. */
typedef enum PropGuard {
    PROP_BY_ROLE,               /* nothing more */
    PROP_BY_OWNER,              /* only the host's owner may */
    PROP_READS,                 /* a file for VMs, as CLIENT_READS allows */
    PROP_WRITES,                /* the same, CLIENT_WRITES */
} PropGuard;

#define PROP_NO_FIELD SIZE_MAX

typedef struct Property {
    const char *name;           /* Hyper-V's, where it has one; NULL ends */
    PropType type;
    PropWhen when;
    PropGuard guard;
    size_t field;               /* in the configuration, or PROP_NO_FIELD */
    uint64_t min, max;
    const char *const *words;   /* PROP_ENUM, ended by NULL */
    const char *dflt;           /* as it would be set */
    /* What is shown; NULL: the field. */
    JsonNode *(*get)(void *object);
    /*
     * A value of the right type and range that is wrong all the same; @config
     * has the old value.  Called also for objects that are still to be made.
     */
    bool (*check)(const void *config, JsonNode *value, PropError *error);
    /* The field has another value: act on it.  NULL: nothing to do. */
    bool (*apply)(void *object, PropError *error);
    /* For docs/: what it means, what backs it, how Hyper-V's differs. */
    const char *text;
    const char *backing;
    const char *differs;
} Property;

typedef enum ObjectResult {
    OBJECT_FAILED,              /* with an error */
    OBJECT_DONE,
    OBJECT_LATER,               /* the request will be answered */
} ObjectResult;

/* What is done to an object as a whole, for @request (see ObjectResult). */
typedef ObjectResult ObjectAction(void *object, struct ControlRequest *request,
                                  PropError *error);

typedef struct ObjectKind {
    const char *name;           /* "nic" */
    const char *title;          /* "VM network adapter" */
    const char *about;          /* for docs/ */
    const Property *properties;
    size_t config_size;         /* 0: nothing can be set */
    void *(*config)(void *object);
    bool (*is_off)(void *object);       /* NULL: it never is */
    /* All of the host's; the caller frees the list. */
    GList *(*list)(struct Host *host);
    /* Its name, unique within the host and the kind; the caller frees it. */
    char *(*name_of)(void *object);
    /*
     * Makes one of @config, whose contents are taken on success; @request is
     * answered by the callee after OBJECT_LATER (NULL: nobody asks).
     */
    ObjectResult (*create)(struct Host *host, const char *name, void *config,
                           struct ControlRequest *request, PropError *error);
    ObjectAction *remove;       /* NULL: there is no such thing */
    ObjectAction *restart;      /* the same */
    /* NULL: a name is what name_valid() takes. */
    bool (*name_ok)(const char *name);
} ObjectKind;

/* A row of what is shown and cannot be set. */
#define SHOWN(prop_name, prop_type, getter, what, how, other) \
    { .name = prop_name, .type = prop_type, .field = PROP_NO_FIELD, \
      .get = getter, .text = what, .backing = how, .differs = other }

/* Every kind, ended by NULL. */
extern const ObjectKind *const object_kinds[];
extern const ObjectKind host_kind, adapter_kind, switch_kind, vm_kind,
    nic_kind, vf_kind;

const ObjectKind *object_kind(const char *name);
/* The object, or NULL. */
void *object_find(struct Host *host, const ObjectKind *kind, const char *name);

const Property *prop_find(const ObjectKind *kind, const char *name);
/* A value as its text in `iovlab set` and in files; NULL with an error. */
JsonNode *prop_parse(const Property *p, const char *text, PropError *error);
/* Right type and range, and p->check(). */
bool prop_check(const Property *p, const void *config, JsonNode *value,
                PropError *error);

/* A configuration of defaults, and its end. */
void props_init(const ObjectKind *kind, void *config);
void props_clear(const ObjectKind *kind, void *config);
void props_copy(const ObjectKind *kind, void *to, const void *from);
/*
 * Stores @values (names to values, texts are parsed) in a configuration of an
 * object that does not exist yet.  On failure @config is unchanged.
 */
bool props_load(const ObjectKind *kind, void *config, JsonObject *values,
                PropError *error);
/* What can be set, as it is: for props_load() elsewhere. */
JsonObject *props_save(const ObjectKind *kind, const void *config);
/* The transaction. */
bool props_set(const ObjectKind *kind, void *object, JsonObject *values,
               PropError *error);
/* All properties, in the table's order. */
JsonObject *props_show(const ObjectKind *kind, void *object);

/* What a property can be, for messages and docs: "0 to 100", "On or Off". */
char *prop_range(const Property *p);

/* For getters. */
JsonNode *prop_int(uint64_t value);
JsonNode *prop_text(const char *value);
JsonNode *prop_take_text(char *value);
JsonNode *prop_bool(bool value);
JsonNode *prop_object(JsonObject *value);
JsonNode *prop_array(JsonArray *value);

#endif
