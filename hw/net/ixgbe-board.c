/*
 * The PF's board as its owner sees and touches it while the machine runs: the
 * module in the cage, the LEDs.  Both are QOM properties.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "net/ixgbe.h"

static const char *const module_names[] = {
    [IXGBE_MODULE_SR] = "sr",
    [IXGBE_MODULE_LR] = "lr",
    [IXGBE_MODULE_DA] = "da",
    [IXGBE_MODULE_NONE] = "none",
};

bool ixgbe_module_parse(const char *name, IxgbeModuleKind *module,
                        Error **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(module_names); i++) {
        if (!strcmp(name, module_names[i])) {
            *module = i;
            return true;
        }
    }
    error_setg(errp, "an SFP+ module is sr, lr, da or none, not '%s'", name);
    return false;
}

static IxgbeAdapter *board_of(Object *obj, Error **errp)
{
    IxgbePf *s = IXGBE(obj);

    if (!s->card) {
        error_setg(errp, "the device is not there yet: use sfp=");
        return NULL;
    }
    return ixgbe_card_adapter(s->card);
}

static char *module_get(Object *obj, Error **errp)
{
    IxgbePf *s = IXGBE(obj);

    return g_strdup(s->card ?
                    module_names[ixgbe_adapter_module(
                                     ixgbe_card_adapter(s->card))] :
                    s->sfp ? s->sfp : "sr");
}

static void module_set(Object *obj, const char *value, Error **errp)
{
    IxgbeAdapter *adapter = board_of(obj, errp);
    IxgbeModuleKind module;

    if (adapter && ixgbe_module_parse(value, &module, errp)) {
        ixgbe_adapter_set_module(adapter, module);
    }
}

static char *leds_get(Object *obj, Error **errp)
{
    static const char *const states[] = {
        [IXGBE_LED_STATE_OFF] = "off",
        [IXGBE_LED_STATE_LIT] = "lit",
        [IXGBE_LED_STATE_BLINKS] = "blinks",
    };
    IxgbePf *s = IXGBE(obj);
    IxgbeLed led[4] = { IXGBE_LED_STATE_OFF };

    for (unsigned i = 0; s->card && i < G_N_ELEMENTS(led); i++) {
        led[i] = ixgbe_adapter_led(ixgbe_card_adapter(s->card), i);
    }
    return g_strdup_printf("%s %s %s %s", states[led[0]], states[led[1]],
                           states[led[2]], states[led[3]]);
}

void ixgbe_board_class_init(ObjectClass *klass)
{
    object_class_property_add_str(klass, "module", module_get, module_set);
    object_class_property_set_description(
        klass, "module", "module that is in the cage now: set it to pull it "
        "(none) or to put in another (qom-set)");
    object_class_property_add_str(klass, "leds", leds_get, NULL);
    object_class_property_set_description(
        klass, "leds", "the four LEDs: off, lit or blinks (qom-get)");
}
