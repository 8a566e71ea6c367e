// gw.work/1: checks arguments; core/async does the work.
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "gateway/ext/work.h"

namespace gatewayd {
namespace {

constexpr size_t work_size_1_0 = offsetof(gw_work, ud) + sizeof(gw_work::ud);

int32_t work_start(gw_inst* inst, const gw_work* work, gw_token* out) {
    if (!inst || !work || work->struct_size < work_size_1_0 || !work->run || !work->done) return GW_E_ARG;
    if (work->home > GW_WORK_ANYWHERE) return GW_E_ARG;
    if (work->home == GW_WORK_ON_CONN && work->conn.generation == 0) return GW_E_STALE;
    PluginInstance& plugin = *from_abi(inst);
    const WorkOrder order{&plugin.callbacks, work->home, work->conn, work->run, work->done, work->ud};
    gw_token token{0, 0};
    const int32_t result = plugin.services->works().start(order, &token);
    if (out) *out = result == GW_OK ? token : gw_token{0, 0};
    return result;
}

int32_t work_cancel(gw_inst* inst, gw_token token) {
    return inst ? from_abi(inst)->services->works().cancel(inst, token) : GW_E_ARG;
}

}  // namespace

const void* work_table() {
    static const gw_work_v1 table{sizeof(gw_work_v1), 0, work_start, work_cancel};
    return &table;
}

}  // namespace gatewayd
