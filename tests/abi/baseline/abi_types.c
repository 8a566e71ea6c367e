/* Everything that the ABI's headers declare, within reach of one function: what abidiff_test.py compares. A
 * new header under gateway/ext/ that has left ext/draft/ is included here, its table a parameter of a
 * function below. */
#include "gateway/host.h"
#include "gateway/plugin.h"

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return 0;
}
