// Exports a symbol that the dynamic linker would unite with that of another version of the same plugin.
#include "parts.h"

GOOD_NOTE("unique_symbol");

template <typename T>
struct Counter {
    __attribute__((visibility("default"))) static int count;
};
template <typename T>
int Counter<T>::count = 0;

static int32_t counting_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    ++Counter<int>::count;
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = counting_intercept)
