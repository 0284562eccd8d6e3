/*
 * The host process: one physical host with its adapter, its software switch
 * and its VMs.  Private to tools/host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_HOST_H
#define TOOLS_HOST_HOST_H

#include "base/control.h"
#include "base/frame-stream.h"
#include "base/qmp.h"
#include "client.h"
#include "host/datapath.h"
#include "host/vf-life.h"
#include "iovlab/ixgbe_adapter.h"
#include "iovlab/ixgbe_pf_driver.h"
#include "iovlab/link.h"
#include "iovlab/vswitch.h"

#include <inttypes.h>

#define NICS_MAX 8

typedef struct Host Host;
typedef struct Vm Vm;
typedef struct VmNic VmNic;
typedef struct LinkEnd LinkEnd;
typedef struct MigrateOut MigrateOut;
typedef struct MigrateIn MigrateIn;
typedef struct Save Save;
typedef struct Capture Capture;

/* --- host -------------------------------------------------------------- */

typedef struct HostConfig {
    char *name;
    bool sriov;                 /* the adapter's capability */
    unsigned num_vfs;
    bool switch_iov;            /* the switch was made with IOV */
    unsigned eject_limit_ms;
} HostConfig;

struct Host {
    HostConfig config;
    char *dir;
    unsigned number;            /* of the host in this laboratory: MAC pool */
    ControlServer *control;
    GMainLoop *loop;
    struct Listener *links;
    GList *vms;                 /* of Vm */
    GList *ends;                /* of LinkEnd */
    /* host-net.c */
    FrameStream *wire;
    guint wire_retry;
    IxgbeAdapter *adapter;
    IxgbeAdapterPort *pf_port;
    IxgbePfDriver *pf;
    Vswitch *vswitch;
    VswitchPort *uplink;
    guint adapter_idle;
    guint vswitch_idle;
    guint adapter_timer;
    guint cause_idle;
    guint watchdog;
    uint32_t causes;
    bool tx_blocked;
    GList *captures;            /* of Capture */
    guint retry_idle;
    guint state_idle;
    bool stopping;
};

char *host_path(const Host *host, const char *name);
/* A line in the log and an event; pairs as in iov_args(). */
void host_event(Host *host, const char *event, ...) G_GNUC_NULL_TERMINATED;
void vm_event(Vm *vm, const char *event, ...) G_GNUC_NULL_TERMINATED;
void nic_event(VmNic *nic, const char *event, ...) G_GNUC_NULL_TERMINATED;
double host_now_ms(void);
Vm *host_find_vm(Host *host, const char *name);
/* VFs may be free, or a guest ready: those who wait try again, soon. */
void host_retry_waiting(Host *host);
/* Writes state.json soon. */
void host_state_changed(Host *host);
void host_state_save(Host *host);
/* Loads state.json and takes its VMs back. */
void host_state_load(Host *host);
void host_quit(Host *host, bool keep_vms);
extern const ControlCommand host_commands[];

/* --- adapter, switch, wire (host-net.c) -------------------------------- */

bool host_net_init(Host *host, GError **error);
void host_net_free(Host *host);
/* Moves all frames that are on their way inside the host to where they go. */
void host_net_settle(Host *host);
/* Room for frames of VMs, both paths. */
bool host_net_tx_room(Host *host);
uint16_t host_vf_rid(const Host *host, unsigned vf);

/* Captures (capture.c): "wire" or "VM.N" (the switch port of NIC N). */
bool capture_start(Host *host, const char *port, const char *path,
                   char **error);
bool capture_stop(Host *host, const char *port);
void capture_frame(Host *host, const char *port, bool in, const uint8_t *frame,
                   size_t len);
void capture_stop_all(Host *host);

/* --- VMs (vm.c) -------------------------------------------------------- */

typedef enum VmState {
    VM_STARTING,                /* QEMU was started */
    VM_INCOMING,                /* waits for its migration stream */
    VM_RUNNING,
    VM_PAUSED,
    VM_STOPPING,                /* told to end */
} VmState;

typedef struct VmConfig {
    char *name;
    char *kernel;
    char *initrd;
    char *append;
    char *disk;
    unsigned memory_mb;
    unsigned smp;
    unsigned nics;
    uint8_t mac[NICS_MAX][6];
    unsigned iov_weight[NICS_MAX];
    GStrv extra;                /* further QEMU options */
} VmConfig;

void vm_config_clear(VmConfig *config);
void vm_config_copy(VmConfig *to, const VmConfig *from);
JsonObject *vm_config_to_json(const VmConfig *config);
/* Fails on values out of range and missing files. */
bool vm_config_from_json(VmConfig *config, JsonObject *object, char **error);

struct VmNic {
    Vm *vm;
    unsigned index;
    uint8_t mac[6];
    unsigned iov_weight;        /* 0: no VF is wanted */
    LinkEnd *end[DATAPATH_SIDES];
    uint64_t old_session;       /* of the NIC link before this one */
    Datapath *dp;
    guint dp_timer;
    VfLife *life;
    guint life_timer;
    VswitchPort *port;
    bool connected;             /* the switch port is: the VM is here */
    LinkNicStatus status;
    bool status_valid;
    /* The VF in hand. */
    int vf;                     /* -1: none */
    unsigned queue_pairs;       /* of the VF */
    uint32_t serial;
    IxgbeAdapterPort *vf_port;
    IxgbePortState vf_state;
    bool vf_link;               /* the VF may show its link as up (vf-link.c) */
    guint vf_link_timer;
    LinkVfStats vf_stats;
    uint64_t faults;            /* blocked by the IOMMU */
    bool eject_due;             /* asked for once its traffic has left it */
    unsigned vf_tries;          /* to add it: its link connects meanwhile */
    double plug_after_ms;       /* not again before that */
    bool plugged_bus;           /* devices that QEMU has */
    bool plugged_vf;
    bool removing_chardev;
    bool plugged_chardev;
    const char *reason;         /* code, why there is no VF; "" if none */
    char *reason_text;
};

struct Vm {
    Host *host;
    VmConfig config;
    VmState state;
    char *dir;
    GPid pid;
    guint child_watch;
    Qmp *qmp;
    guint qmp_retry;
    unsigned qmp_tries;
    VmNic *nic[NICS_MAX];
    uint32_t next_serial;
    bool detached;              /* VFs are kept away: migration, save */
    MigrateOut *out;
    MigrateIn *in;
    Save *save;
    bool restoring;
    ControlRequest *starting;   /* answered when QMP is there */
    GList *waiters;             /* of VmWaiter (wait.c) */
    double started_ms;
};

/* Takes what is in @config.  @incoming: QEMU waits for a stream. */
Vm *vm_start(Host *host, VmConfig *config, bool incoming, char **error);
/* A VM of state.json whose QEMU runs; NULL if it does not. */
Vm *vm_adopt(Host *host, VmConfig *config, GPid pid, uint32_t next_serial);
/* Ends QEMU and forgets the VM; @why goes to the event. */
void vm_destroy(Vm *vm, const char *why);
/* Forgets the VM, leaves QEMU alone. */
void vm_release(Vm *vm);
const char *vm_state_name(VmState state);
char *vm_path(const Vm *vm, const char *name);
/* argv for QEMU; NULL with *error if there is no QEMU (vm-args.c). */
GStrv vm_args(const Vm *vm, bool incoming, char **error);
/* Wants or does not want VFs for all NICs, by weight. */
void vm_update_wanted(Vm *vm);
/* QMP's devices came and went (vm.c to nic-plug.c). */
void nic_device_deleted(VmNic *nic, const char *id);

/* --- VM network adapters (nic.c, nic-plug.c) --------------------------- */

VmNic *nic_new(Vm *vm, unsigned index, const uint8_t mac[6]);
void nic_free(VmNic *nic);
/* The VM is here: its switch port and filters exist. */
bool nic_connect(VmNic *nic);
/* The VM is not (any more) here; what was on its way is in the data path. */
void nic_disconnect(VmNic *nic);
/* Takes up what state.json says of the NIC's VF. */
void nic_adopt(VmNic *nic, JsonObject *saved);
void nic_set_weight(VmNic *nic, unsigned weight);
void nic_update_wanted(VmNic *nic);
/* Its settings or its VM's changed: the switch port follows. */
void nic_refresh(VmNic *nic);
void nic_set_reason(VmNic *nic, const char *code, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
const char *nic_path_name(const VmNic *nic);
char *nic_status_text(const VmNic *nic, const char **status);
/* Tells the switches where the address is; @guest_too: the guest as well. */
void nic_announce(VmNic *nic, bool guest_too);
/* Life's operations that talk to QEMU. */
void nic_plug(VmNic *nic);
void nic_eject(VmNic *nic);
void nic_withdraw(VmNic *nic);
/* The link's callbacks (link-end.c to nic.c). */
void nic_side_up(VmNic *nic, DatapathSide side, const LinkLast *last);
void nic_side_down(VmNic *nic, DatapathSide side, FrameQueue *untaken);
void nic_message(VmNic *nic, LinkType type, const void *body, size_t len);
bool nic_tx(VmNic *nic, DatapathSide side, Frame *frame);
void nic_runstate(VmNic *nic, bool running);
void nic_send_vf_state(VmNic *nic);
void nic_send_association(VmNic *nic, bool allocated);

/* When a VF shows its link (vf-link.c): LINKS as it reads it, */
uint32_t vf_link_register(const VmNic *nic);
/* its link to this process is up, */
void vf_link_connected(VmNic *nic);
/* the guest's request to move its data path was answered, */
void vf_link_switched(VmNic *nic, bool on_vf);
/* and the VF is another or none. */
void vf_link_clear(VmNic *nic);

/* --- links to VMs (link-end.c) ----------------------------------------- */

void link_end_accept(void *host, GSocket *socket);
LinkHost *link_end_link(LinkEnd *end);
uint64_t link_end_session(LinkEnd *end);
/* At the end of the process. */
void link_end_destroy(LinkEnd *end);
/* Detaches the end from its NIC and closes it after telling why. */
void link_end_close(LinkEnd *end, uint32_t code, const char *why);

/* --- waiting for conditions (wait.c) ----------------------------------- */

/* Checked whenever something of the VM changes.  False: not yet. */
typedef bool (*VmCondition)(Vm *vm, void *opaque);
/* One call: @ok is false on time-out and when the VM goes. */
typedef void (*VmWaited)(Vm *vm, void *opaque, bool ok);
void vm_wait(Vm *vm, VmCondition condition, unsigned timeout_ms,
             VmWaited waited, void *opaque);
void vm_poke(Vm *vm);
void vm_wait_abort(Vm *vm);

/* --- migration (migrate-out.c, migrate-in.c, save.c) ------------------- */

void migrate_out_start(Vm *vm, ControlRequest *request, const char *to,
                       unsigned timeout_s);
void migrate_out_cancel(MigrateOut *m, ControlRequest *request);
void migrate_out_qmp_event(MigrateOut *m, const char *event, JsonObject *data);
void migrate_out_runstate(MigrateOut *m, bool running);
void migrate_out_nic_frozen(MigrateOut *m, VmNic *nic);
void migrate_out_vm_gone(MigrateOut *m);
/* A frame came in from the wire: the fence, if it is an announcement. */
void migrate_out_fence(Host *host, const uint8_t *frame, size_t len);

void migrate_in_prepare(Host *host, ControlRequest *request,
                        JsonObject *args);
void migrate_in_finish(MigrateIn *m, ControlRequest *request);
void migrate_in_qmp_ready(MigrateIn *m);
void migrate_in_qmp_event(MigrateIn *m, const char *event, JsonObject *data);
void migrate_in_running(MigrateIn *m);
void migrate_in_linked(MigrateIn *m, VmNic *nic);
void migrate_in_vm_gone(MigrateIn *m);

void migrate_in_restore(Host *host, ControlRequest *request, VmConfig *config,
                        uint32_t serial, const char *file, uint64_t offset);
/* Arguments of migrate-set-capabilities. */
JsonObject *migrate_capabilities(bool return_path);
/* Takes the VFs away; @waited hears when all traffic is synthetic. */
void vm_detach_vfs(Vm *vm, VmWaited waited, void *opaque);

void save_start(Vm *vm, ControlRequest *request, const char *file);
void save_qmp_event(Save *s, const char *event, JsonObject *data);
void save_vm_gone(Save *s);
void restore_start(Host *host, ControlRequest *request, const char *file);

/* --- what is shown (show.c) -------------------------------------------- */

JsonNode *show_object(Host *host, const char *what, const char *name);

char *mac_format(const uint8_t mac[6]);
bool mac_parse(const char *text, uint8_t mac[6]);

#endif
