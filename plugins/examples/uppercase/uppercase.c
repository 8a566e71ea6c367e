/* uppercase - an example plugin in C: upper-cases the ASCII letters of a message's content. README.md */
#include <stdlib.h>
#include <string.h>

#include "gateway/host.h"
#include "gateway/plugin.h"

GW_PLUGIN_NOTE(
    "id=uppercase\n"
    "version=1.0.0\n"
    "kinds=message\n"
    "description=Upper-cases the ASCII letters of content\n");

/* One for each entry of plugins.load. */
struct uppercase {
    const gw_host* host;
    gw_inst* inst;
};

static int32_t uppercase_create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self,
                                gw_error* err) {
    struct uppercase* plugin = NULL;
    if (host->node_size(config) > 0) {
        err->code = GW_E_ARG;
        strcpy(err->message, "uppercase takes no configuration: remove its `config`");
        return GW_E_ARG;
    }
    plugin = malloc(sizeof(*plugin));
    if (plugin == NULL) {
        err->code = GW_E_FAIL;
        strcpy(err->message, "no memory");
        return GW_E_FAIL;
    }
    plugin->host = host;
    plugin->inst = inst;
    *self = plugin;
    return GW_OK;
}

static void uppercase_destroy(void* self) {
    free(self);
}

static gw_str uppercase_name(void* self) {
    (void)self;
    return GW_STR("uppercase");
}

static void uppercase_wants(void* self, uint32_t* kinds, uint64_t* events) {
    (void)self;
    *kinds = GW_KIND_MESSAGE;
    *events = 0;
}

static int32_t uppercase_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    const struct uppercase* plugin = self;
    gw_str content;
    char* upper;
    uint64_t i;
    int32_t result;
    (void)slot;
    (void)ctx;
    (void)next;
    if (plugin->host->field(req, GW_STR("content"), &content) != GW_OK || content.len == 0)
        return GW_CONTINUE;
    upper = malloc(content.len);
    if (upper == NULL) return GW_E_FAIL;
    for (i = 0; i < content.len; ++i) {
        const char c = content.ptr[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); /* other bytes of UTF-8 stay */
    }
    {
        const gw_str value = {upper, content.len};
        result = plugin->host->set_field(req, GW_STR("content"), value); /* copies */
    }
    free(upper);
    return result == GW_OK ? GW_CONTINUE : GW_E_FAIL;
}

static const gw_interceptor uppercase_interceptor = {
    sizeof(gw_interceptor),
    0,
    GW_STAGE_MESSAGE,
    0,
    uppercase_name,
    NULL,
    uppercase_wants,
    NULL,
    NULL,
    uppercase_intercept,
    NULL,
    NULL,
    NULL,
};

static const gw_plugin uppercase_plugin = {
    sizeof(gw_plugin), 0, uppercase_create, NULL, NULL, NULL, uppercase_destroy, &uppercase_interceptor, NULL,
};

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return &uppercase_plugin;
}
