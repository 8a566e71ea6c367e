/* gw.http/1: all that its header declares, within reach of one function. */
#include "gateway/ext/http.h"

void ext_http_1(const gw_http_v1* table, const gw_http_request* request, gw_http_done_fn done);
void ext_http_1(const gw_http_v1* table, const gw_http_request* request, gw_http_done_fn done) {
    (void)table;
    (void)request;
    (void)done;
}
