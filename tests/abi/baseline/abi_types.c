/* Everything that the two headers of the ABI declare, within reach of one function: what abidiff_test.py
 * compares. A header under gateway/ext/ that has left ext/draft/ has a file of its own here: README.md. */
#include "gateway/host.h"
#include "gateway/plugin.h"

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return 0;
}
