#include "core/hub/identity.h"

namespace gatewayd {

const char* name(Compression compression) {
    switch (compression) {
        case Compression::none:
            return "none";
        case Compression::deflate:
            return "deflate";
        case Compression::deflate_with_context:
            return "deflate_with_context";
    }
    return "unknown";
}

}  // namespace gatewayd
