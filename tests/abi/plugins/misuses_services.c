/* Calls gw.service/1 against its rules and says what it was answered; at its end it keeps a pin. */
#include <stdio.h>

#include "gateway/ext/service.h"
#include "parts.h"

GW_PLUGIN_NOTE(
    "id=misuses_services\nversion=1.0.0\nkinds=message,service\noffers=acme.own/1\n"
    "uses=acme.own/1,acme.wanted/1\n");

static const gw_host* host;
static gw_inst* inst;
static const gw_service_v1* services;
static int own_table;

static void say(const char* text) {
    gw_str line;
    line.ptr = text;
    line.len = strlen(text);
    host->log(inst, GW_LOG_INFO, line);
}

static int32_t create(const gw_host* h, gw_inst* i, const gw_node* config, void** self, gw_error* err) {
    char text[256];
    const void* table;
    uint64_t pin;
    (void)config;
    (void)err;
    host = h;
    inst = i;
    *self = &own_table;
    services = (const gw_service_v1*)host->extension(inst, GW_STR(GW_EXT_SERVICE));
    if (!services) return GW_E_FAIL;
    const int32_t acquired = services->acquire(inst, GW_STR("acme.own/1"), &table, &pin);
    const int32_t undeclared = services->publish(inst, GW_STR("acme.undeclared/1"), &own_table);
    const int32_t unused = services->require(inst, GW_STR("acme.undeclared/1"));
    const int32_t bad = services->publish(inst, GW_STR("Acme"), &own_table);
    const int32_t null = services->publish(inst, GW_STR("acme.own/1"), NULL);
    const int32_t good = services->publish(inst, GW_STR("acme.own/1"), &own_table);
    const int32_t again = services->publish(inst, GW_STR("acme.own/1"), &own_table);
    snprintf(text, sizeof(text),
             "create: acquire %d, undeclared publish %d, undeclared require %d, bad name %d, null table %d, "
             "publish %d, again %d",
             acquired, undeclared, unused, bad, null, good, again);
    say(text);
    return GW_OK;
}

static int32_t start(void* self, gw_error* err) {
    char text[256];
    const void* table;
    uint64_t pin;
    (void)self;
    (void)err;
    const int32_t undeclared = services->acquire(inst, GW_STR("acme.undeclared/1"), &table, &pin);
    const int32_t late = services->require(inst, GW_STR("acme.wanted/1"));
    const int32_t missing = services->acquire(inst, GW_STR("acme.own/1"), &table, &pin);
    const int32_t stale = services->release(inst, 12345);
    const int32_t wanted = services->acquire(inst, GW_STR("acme.wanted/1"), &table, &pin);
    snprintf(text, sizeof(text),
             "start: undeclared acquire %d, late require %d, missing %d, stale %d, wanted %d", undeclared,
             late, missing, stale, wanted);
    say(text);
    return GW_OK;
}

ENTRY_WITH((plugin.create = create, plugin.start = start))
