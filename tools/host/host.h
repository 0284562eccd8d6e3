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
#include "host/client-files.h"
#include "host/datapath.h"
#include "host/mac.h"
#include "host/mac-pool.h"
#include "host/networks.h"
#include "host/port-settings.h"
#include "host/props.h"
#include "host/reasons.h"
#include "host/roles.h"
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
typedef struct Adapter Adapter;
typedef struct Switch Switch;

/* --- host -------------------------------------------------------------- */

/* The machine and the settings of the host: rows of host-props.c. */
typedef struct HostConfig {
    bool slat;
    bool iommu;
    bool interrupt_remapping;
    bool remapping_enabled;
    bool pcie_control;
    bool root_port_acs;
    bool root_port_ari;
    bool chipset_flaw;
    bool iov_override;
    uint64_t bus_numbers;
    uint64_t bar_space_kb;
    uint64_t eject_limit_ms;
    uint64_t cancel_limit_ms;
    char *address;              /* IPv4; "": made of the name */
    uint8_t mac_minimum[6];     /* of the pool; all zero: by the address */
    uint8_t mac_maximum[6];
    char *networks;             /* networks.h */
    bool any_network;
    char *migration_networks;
    char *policy_file;          /* roles.h; "": only the owner */
    char *client_read;          /* client-files.h */
    char *client_write;
} HostConfig;

struct Host {
    char *name;
    HostConfig config;
    char *dir;
    unsigned number;            /* of the host in this laboratory: MAC pool */
    MacPool mac_pool;
    Roles *roles;               /* NULL: no policy */
    char *settings_lost;        /* which of before are not in force, and why */
    uint64_t next_nic;
    ControlServer *control;
    GMainLoop *loop;
    struct Listener *links;
    GList *adapters;            /* of Adapter */
    GList *switches;            /* of Switch */
    GList *vms;                 /* of Vm */
    GList *ends;                /* of LinkEnd */
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
/* What was set on a host of this name; what it is told now comes after. */
void host_state_settings(Host *host);
/* Loads state.json and takes its VMs back. */
void host_state_load(Host *host);
void host_quit(Host *host, bool keep_vms);
/* Tables of commands, ended by NULL. */
extern const ControlCommand *const host_commands[];
extern const ControlCommand vm_commands[];
extern const ControlCommand state_commands[];

typedef struct HostOptions HostOptions;
/* Adapter, switch and VMs, by options or file; false with an error. */
bool host_populate(Host *host, const HostOptions *options, PropError *error);
/* The machine's reasons against VFs, empty if it may have them (machine.c). */
ReasonList *machine_reasons(const Host *host);
/* The override of a flawed chipset is in force. */
bool machine_overridden(const Host *host);
/* The host's IPv4 address; its pool follows that and its limits. */
void host_address(const Host *host, uint8_t ipv4[4]);
bool host_mac_update(Host *host, PropError *error);
/*
 * The network for a VM that comes from a host with @theirs; *name (owned by the
 * caller) is NULL if hosts do not name their networks.
 */
bool host_choose_network(Host *host, const char *from, const char *theirs,
                         char **name, PropError *error);

/* --- physical adapters (adapter.c, adapter-props.c) --------------------- */

#define ADAPTERS_MAX 8

typedef struct AdapterConfig {
    bool sriov;                 /* the silicon's capability */
    bool enabled;               /* and whether it is used */
    bool cable;                 /* plugged in */
    uint64_t num_vfs;
} AdapterConfig;

/* A VF as an object. */
typedef struct VfObject {
    Adapter *adapter;
    unsigned vf;
} VfObject;

struct Adapter {
    Host *host;
    char *name;
    AdapterConfig config;
    unsigned number;            /* 0..ADAPTERS_MAX - 1: bus, address, port */
    char *port;                 /* at the top-of-rack switch */
    char *wire_name;            /* of captures */
    IxgbeAdapter *hw;
    IxgbeAdapterPort *pf_port;
    IxgbePfDriver *pf;
    VfObject vf[IXGBE_POOLS];
    Switch *sw;                 /* the external switch over it, or NULL */
    FrameStream *wire;
    guint wire_retry;
    IovClient *tor;             /* is asked for the port */
    guint idle;
    guint timer;
    guint cause_idle;
    guint watchdog;
    guint restart_idle;
    uint32_t causes;
    bool restarting;            /* as soon as no VF is in use */
    ControlRequest *restart_request;    /* answered then, or NULL */
};

/* Takes what is in @config.  NULL with an error. */
Adapter *adapter_new(Host *host, const char *name, AdapterConfig *config,
                     PropError *error);
void adapter_free(Adapter *adapter);
Adapter *adapter_find(Host *host, const char *name);
/* Why it gives no VFs, the machine's reasons included. */
ReasonList *adapter_reasons(const Adapter *adapter);
unsigned adapter_vfs_in_use(const Adapter *adapter);
/* Queue pairs that a VF of it can have. */
unsigned adapter_queues_per_vf(const Adapter *adapter);
/* What it gives depends on settings that changed: it restarts if need be. */
void adapter_update(Adapter *adapter);
/* Ends the PF driver and starts it again; VMs give their VFs up before. */
ObjectResult adapter_restart(Adapter *adapter, ControlRequest *request,
                             PropError *error);
/* A VF came back. */
void adapter_vf_released(Adapter *adapter);
/* The cable was pulled out or plugged in. */
void adapter_cable(Adapter *adapter);
uint16_t adapter_vf_rid(const Adapter *adapter, unsigned vf);
/* Sets one switch on top of it. */
void adapter_bind(Adapter *adapter, Switch *sw);
/* Moves what is on its way inside it; false: nothing was. */
bool adapter_settle(Adapter *adapter);

/* --- software switches (switch.c, switch-props.c) ----------------------- */

#define SWITCHES_MAX 16

typedef enum SwitchType {
    SWITCH_EXTERNAL,            /* over a physical adapter */
    SWITCH_INTERNAL,            /* VMs and the host */
    SWITCH_PRIVATE,             /* VMs only */
} SwitchType;

typedef struct SwitchConfig {
    unsigned type;              /* SwitchType */
    bool iov;                   /* chosen when it is made */
    char *adapter;              /* name, of an external one; "": the first */
    bool rsc;                   /* receive segment coalescing */
} SwitchConfig;

struct Switch {
    Host *host;
    char *name;
    SwitchConfig config;
    Adapter *adapter;           /* NULL: none, or it is gone */
    Vswitch *vswitch;
    VswitchPort *uplink;        /* NULL unless external */
    VswitchPort *host_port;     /* the parent partition's: NULL unless internal */
    struct Listener *host_listener;
    FrameStream *host_peer;
    guint idle;
    bool tx_blocked;
    bool from_vf;               /* a frame from its adapter's own VFs comes */
    double conflict_ms;         /* when two owners of an address were told of */
    uint64_t vlans[64];         /* that its uplink is in */
};

Switch *switch_new(Host *host, const char *name, SwitchConfig *config,
                   PropError *error);
void switch_free(Switch *sw);
/* The parent partition's port at an internal switch (switch-host.c). */
bool switch_host_port(Switch *sw, PropError *error);
void switch_host_port_end(Switch *sw);
/* Its socket; the caller frees it. */
char *switch_host_socket(const Switch *sw);
/* @name "" is the first switch. */
Switch *switch_find(Host *host, const char *name);
/* Why a VM on it gets no VF. */
ReasonList *switch_reasons(const Switch *sw);
/* Adapters of VMs that are connected to it. */
unsigned switch_ports(const Switch *sw);
/* Room for frames of VMs, both paths. */
bool switch_tx_room(Switch *sw);
/* The adapter's PF received a frame, or can send again. */
void switch_uplink_input(Switch *sw, Frame *frame, bool from_vf);
/* The adapter's default pool is in the VLANs of the switch's ports. */
void switch_update_vlans(Switch *sw);
void switch_uplink_room(Switch *sw);
bool switch_settle(Switch *sw);

/* Moves all frames that are on their way inside the host to where they go. */
void host_net_settle(Host *host);

/* Captures (capture.c): "wire" or "VM.N" (the switch port of NIC N). */
/* @file: of a user other than the owner, found at @path; else NULL. */
bool capture_start(Host *host, const char *port, const char *path,
                   ClientFile *file, PropError *error);
/* False also if not all frames are in the file. */
bool capture_stop(Host *host, const char *port, GError **error);
void capture_frame(Host *host, const char *port, bool in, const uint8_t *frame,
                   size_t len);
void capture_stop_all(Host *host);

/* --- VMs (vm.c) -------------------------------------------------------- */

typedef enum VmState {
    VM_OFF,                     /* defined, no QEMU */
    VM_STARTING,                /* QEMU was started */
    VM_INCOMING,                /* waits for its migration stream */
    VM_RUNNING,
    VM_PAUSED,
    VM_NOT_ANSWERING,           /* its QEMU was asked something and is silent */
    VM_STOPPING,                /* told to end */
} VmState;

/* Settings of one network adapter: rows of nic-props.c. */
typedef struct NicConfig {
    bool present;               /* this number is in use */
    uint8_t mac[6];
    char *switch_name;          /* "": the host's first switch */
    bool connected;             /* to that switch */
    uint64_t iov_weight;        /* 0: no VF is wanted */
    uint64_t queue_pairs;       /* wanted on the VF */
    unsigned moderation;        /* IxgbeModeration */
    bool rsc;                   /* receive segment coalescing */
    PortProps port;             /* policies (nic-policy.h) */
} NicConfig;

/* Rows of vm-props.c. */
typedef struct VmSettings {
    char *kernel;               /* "" in each: none */
    char *initrd;
    char *append;
    char *disk;
    char *options;              /* further QEMU options, quoted as for a shell */
    uint64_t memory_mb;
    uint64_t smp;
    unsigned start_action;      /* VmStartAction */
} VmSettings;

/* A migration that was ended without QEMU's word; that may still come. */
typedef enum LateMigration {
    LATE_NONE,
    LATE_HERE,                  /* the destination gave up: the VM is here */
    LATE_UNKNOWN,               /* it did not answer */
} LateMigration;

typedef enum VmStartAction { VM_START_WITH_HOST, VM_START_BY_HAND } VmStartAction;

typedef struct VmConfig {
    char *name;
    VmSettings s;
    NicConfig nic[NICS_MAX];
} VmConfig;

void vm_config_init(VmConfig *config, const char *name);
void vm_config_clear(VmConfig *config);
void vm_config_copy(VmConfig *to, const VmConfig *from);
JsonObject *vm_config_to_json(const VmConfig *config);
/* Fails on values out of range and missing files. */
bool vm_config_from_json(VmConfig *config, JsonObject *object,
                         PropError *error);

struct VmNic {
    Vm *vm;
    unsigned index;
    uint64_t id;                /* never used twice */
    NicConfig *config;          /* in the VM's */
    Switch *sw;                 /* where its port is; NULL: nowhere */
    LinkEnd *end[DATAPATH_SIDES];
    uint64_t old_session;       /* of the NIC link before this one */
    Datapath *dp;
    guint dp_timer;
    VfLife *life;
    guint life_timer;
    VswitchPort *port;
    PortSettings settings;      /* what its configuration means to it */
    guint send_timer;           /* until the VM may send again */
    bool connected;             /* the switch port is: the VM is here */
    LinkNicStatus status;
    bool status_valid;
    /* The VF in hand. */
    Adapter *adapter;           /* whose VF it is */
    int vf;                     /* -1: none */
    unsigned queue_pairs;       /* of the VF */
    uint32_t serial;
    IxgbeAdapterPort *vf_port;
    IxgbePortState vf_state;
    bool vf_link;               /* the VF may show its link as up (vf-link.c) */
    bool vf_link_early;         /* without the guest having moved to it */
    bool vf_link_wait_held;     /* NIC_HELD is to come first */
    guint vf_link_timer;
    uint32_t vf_link_old;       /* LINKS as shown while the timer runs */
    guint vf_link_lag;
    LinkVfStats vf_stats;
    uint64_t received[DATAPATH_SIDES];  /* frames from the guest */
    uint64_t faults;            /* blocked by the IOMMU */
    uint64_t vf_faults;         /* of these, by the VF in hand */
    bool misbehaved;            /* the last VF was taken away for them */
    bool vf_driven;             /* a driver in the guest has the VF */
    bool leaving;               /* it is being removed from the VM */
    ControlRequest *remove_request;
    guint remove_timer;
    uint16_t other_version;     /* of the link, that its QEMU speaks; or 0 */
    bool reconnecting;          /* to another switch, when the VF is back */
    guint move_idle;
    bool eject_due;             /* asked for once its traffic has left it */
    unsigned vf_tries;          /* to add it: its link connects meanwhile */
    double plug_after_ms;       /* not again before that */
    bool plugged_bus;           /* devices that QEMU has */
    bool plugged_vf;
    bool removing_chardev;
    bool plugged_chardev;
    uint32_t chardev_serial;    /* its VF's */
    const char *reason;         /* code, why there is no VF; "" if none */
    char *reason_text;          /* with all reasons */
    char *plug_error;           /* why the last VF could not be added */
};

struct Vm {
    Host *host;
    VmConfig config;
    VmState state;
    char *dir;
    GPid pid;
    GPid last_pid;              /* of the QEMU before, which may still end */
    guint child_watch;
    Qmp *qmp;
    guint qmp_retry;
    unsigned qmp_tries;
    VmNic *nic[NICS_MAX];       /* NULL: no adapter of this number */
    bool kept;                  /* is off, not forgotten, when its QEMU ends */
    uint32_t next_serial;
    bool detached;              /* VFs are kept away: migration, save */
    bool silent;                /* VM_NOT_ANSWERING, until QEMU answers */
    LateMigration late;
    MigrateOut *out;
    MigrateIn *in;
    Save *save;
    bool restoring;
    ControlRequest *starting;   /* answered when QMP is there */
    GList *waiters;             /* of VmWaiter (wait.c) */
    double started_ms;
};

/* Starts a VM that is off; on failure it still is. */
Vm *vm_power_on(Vm *vm, char **error);
/* The VM's next adapter from number @from on, or NULL. */
VmNic *vm_nic(Vm *vm, unsigned from);
#define VM_FOR_EACH_NIC(vm, nic) \
    for (VmNic *nic = vm_nic((vm), 0); nic; \
         nic = vm_nic((vm), nic->index + 1))

/* A VM that is off; takes what is in @config. */
Vm *vm_define(Host *host, VmConfig *config);
/* Takes what is in @config.  @incoming: QEMU waits for a stream. */
Vm *vm_start(Host *host, VmConfig *config, bool incoming, char **error);
/* A VM of state.json whose QEMU runs; NULL if it does not. */
Vm *vm_adopt(Host *host, VmConfig *config, GPid pid, uint32_t next_serial);
/* Ends QEMU; the VM is off, or forgotten.  @why goes to the event. */
void vm_destroy(Vm *vm, const char *why);
/* The same, and the VM is elsewhere from now on. */
void vm_destroy_left(Vm *vm, const char *why);
/* The same as vm_destroy(); QEMU gets no time for anything. */
void vm_kill(Vm *vm, const char *why);
/* QEMU did not answer; the VM is in that state until it does. */
void vm_not_answering(Vm *vm, LateMigration late);
/* Lets it run as soon as QEMU does (save.c). */
void vm_continue(Vm *vm);
/* Of a VM that can be told nothing: "is not running"; NULL if it runs or is paused. */
const char *vm_idle_text(const Vm *vm);
/*
 * Gives addresses of the pool to adapters that have none, and makes sure that
 * no VM that is on has one of them; on failure @config is as before.
 */
bool vm_addresses(Host *host, VmConfig *config, PropError *error);
/* Forgets the VM, leaves QEMU alone. */
void vm_release(Vm *vm);
const char *vm_state_name(VmState state);
char *vm_path(const Vm *vm, const char *name);
/* argv for QEMU; NULL with *error if there is no QEMU (vm-args.c). */
GStrv vm_args(Vm *vm, bool incoming, char **error);
/*
 * The QEMU that VMs run in: $IOVLAB_QEMU, or the one beside the program, or
 * scripts/qemu's; caller frees.  NULL and *error, a line for the user that the
 * caller frees, if there is none.
 */
char *vm_find_qemu(char **error);
/* Instance id of its VMBus device; the caller frees it. */
char *nic_instance(const VmNic *nic);
/* Wants or does not want VFs for all NICs, by weight. */
void vm_update_wanted(Vm *vm);
/* QMP's devices came and went (vm.c to nic-plug.c). */
void nic_device_deleted(VmNic *nic, const char *id);

/* --- VM network adapters (nic.c, nic-plug.c) --------------------------- */

VmNic *nic_new(Vm *vm, unsigned index);
void nic_free(VmNic *nic);
/* The VM is here: its switch port and filters exist. */
bool nic_connect(VmNic *nic);
/* The VM is not (any more) here; what was on its way is in the data path. */
void nic_disconnect(VmNic *nic);
/* Takes up what state.json says of the NIC's VF. */
void nic_adopt(VmNic *nic, JsonObject *saved);
void nic_update_wanted(VmNic *nic);
/* Why it has no VF, or its guest does not use it; empty: all is well. */
ReasonList *nic_reasons(const VmNic *nic);
/* Queue pairs that a VF of @adapter will have for it. */
unsigned nic_pairs_to_assign(const VmNic *nic, const Adapter *adapter);
/* Its switch or cable changed: its port moves there. */
bool nic_reconnect(VmNic *nic, PropError *error);
/* Adds an adapter to a VM, running or not, or takes it out (nic-hotplug.c). */
ObjectResult nic_add(Vm *vm, unsigned index, NicConfig *config,
                     ControlRequest *request, PropError *error);
ObjectResult nic_remove(VmNic *nic, ControlRequest *request,
                        PropError *error);
/* Its synthetic device left the VM. */
void nic_synthetic_deleted(VmNic *nic);
/* Arguments of chardev-add for a socket to this host. */
JsonObject *nic_chardev(const VmNic *nic, const char *id);
/* Number of its VF among all of the host's, as its device knows it. */
unsigned nic_vf_number(const VmNic *nic);
/* The physical adapter under its switch, or NULL. */
Adapter *nic_adapter(const VmNic *nic);
/* Its settings or its VM's changed: the switch port follows. */
void nic_refresh(VmNic *nic);
/* Notes why there is no VF; an event if that is new. */
void nic_note_reasons(VmNic *nic, const ReasonList *reasons);
const char *nic_path_name(const VmNic *nic);
char *nic_status_text(const VmNic *nic, const char **status);
extern const VfLifeOps nic_life_ops;
/* What the guest receives has left the VF: it may be asked to give it up. */
void nic_eject_when_synthetic(VmNic *nic);
/* Its VF may be back: what waited for that goes on. */
void nic_vf_gone(VmNic *nic);
/* The connection of its device, or NULL. */
LinkHost *nic_link(VmNic *nic, DatapathSide side);
/* Tells the device its address and whether its link is up. */
void nic_send_config(VmNic *nic);
/*
 * Policies (nic-policy.c): the port's configuration; the port exists; the VF is
 * there; the link that the guest sees; whether the VM may send now.
 */
void nic_policy_config(VmNic *nic, VswitchPortConfig *config);
void nic_policy_port(VmNic *nic);
void nic_policy_vf(VmNic *nic);
bool nic_policy_link_up(const VmNic *nic);
bool nic_policy_may_send(VmNic *nic);
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
/* The same of a VM that leaves: whatever holds frames back lets this one go. */
void nic_tx_last(VmNic *nic, DatapathSide side, Frame *frame);
void nic_runstate(VmNic *nic, bool running);
void nic_send_vf_state(VmNic *nic);
void nic_send_association(VmNic *nic, bool allocated);

/* When a VF shows its link (vf-link.c): LINKS as it reads it, */
uint32_t vf_link_register(const VmNic *nic);
/* the adapter's LINKS were these and are vf_state.links, */
void vf_link_changed(VmNic *nic, uint32_t before);
/* its link to this process is up, */
void vf_link_connected(VmNic *nic);
/* the guest's request to move its data path was answered, */
void vf_link_switched(VmNic *nic, bool on_vf);
/* its transmit queues have stopped since, */
void vf_link_held(VmNic *nic);
/* the host wants the VF back: its link does not come up any more, */
void vf_link_withdraw(VmNic *nic);
/* and the VF is another or none. */
void vf_link_clear(VmNic *nic);
/* hv-net lets the guest transmit again. */
void nic_send_vf_settled(VmNic *nic);

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
void migrate_out_fence(Adapter *adapter, const uint8_t *frame, size_t len);

void migrate_in_prepare(Host *host, ControlRequest *request,
                        JsonObject *args);
void migrate_in_finish(MigrateIn *m, ControlRequest *request);
/* Answers whether the VM has come; if not, it will not. */
void migrate_in_abandon(MigrateIn *m, ControlRequest *request);
void migrate_in_qmp_ready(MigrateIn *m);
void migrate_in_qmp_event(MigrateIn *m, const char *event, JsonObject *data);
void migrate_in_running(MigrateIn *m);
void migrate_in_linked(MigrateIn *m, VmNic *nic);
void migrate_in_vm_gone(MigrateIn *m);

/* @fd, which is taken, is the file; -1: QEMU opens it by its name. */
void migrate_in_restore(Host *host, ControlRequest *request, VmConfig *config,
                        uint32_t serial, const char *file, uint64_t offset,
                        int fd);
/* Arguments of migrate-set-capabilities. */
JsonObject *migrate_capabilities(bool return_path);
/* Takes the VFs away; @waited hears when all traffic is synthetic. */
void vm_detach_vfs(Vm *vm, VmWaited waited, void *opaque);

/* @checkpoint: the VM goes on afterwards. */
void save_start(Vm *vm, ControlRequest *request, const char *file,
                bool checkpoint);
/* A checkpoint is a saved VM in the VM's directory; the caller frees these. */
char *checkpoint_file(const Vm *vm, const char *name);
char *checkpoint_names(const Vm *vm);
/* As many as Hyper-V allows a VM. */
enum { CHECKPOINTS_MAX = 50 };
unsigned checkpoint_count(const Vm *vm);
void checkpoint_remove(Vm *vm, ControlRequest *request, const char *name);
/* Of a VM that is removed: the next of its name is another. */
void checkpoints_remove_all(const Vm *vm);
void checkpoint_revert(Vm *vm, ControlRequest *request, const char *name);
void save_qmp_event(Save *s, const char *event, JsonObject *data);
void save_vm_gone(Save *s);
void restore_start(Host *host, ControlRequest *request, const char *file);

/* --- commands (commands.c, commands-state.c) ------------------------------ */

/* The VM of the argument "vm", or NULL and the request is answered. */
Vm *command_vm(Host *host, ControlRequest *request, JsonObject *args);
/* The same, and nothing bigger is under way. */
Vm *command_idle_vm(Host *host, ControlRequest *request, JsonObject *args);

/* --- objects and what is shown (objects.c) ------------------------------ */

/* All objects of a kind, one of them by name, or all kinds; NULL: no such. */
JsonNode *show_object(Host *host, const char *what, const char *name,
                      const ControlCaller *caller);
/*
 * Makes an object of the names and values given, as `iovlab new` does; for
 * @request and the result see ObjectKind.
 */
ObjectResult object_create(Host *host, const ObjectKind *kind,
                           const char *name, JsonObject *values,
                           ControlRequest *request, PropError *error);
extern const ControlCommand object_commands[];

#endif
