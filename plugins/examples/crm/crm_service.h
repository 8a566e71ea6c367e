/* The service acme.crm/1, for whoever wants to ask who a customer is. Plain C: users need not be C++. */
#ifndef ACME_CRM_SERVICE_H
#define ACME_CRM_SERVICE_H

#include "gateway/ext/service.h"

#define ACME_CRM_SERVICE "acme.crm/1"

typedef struct acme_crm_v1 {
    gw_service_head head;
    /* [any] The customer's name, UTF-8, copied to out, and its length to *length. GW_E_NOTFOUND: no such
     * customer. GW_E_LIMIT: size is less than *length. */
    int32_t (*display_name)(void* self, gw_str user_id, char* out, uint64_t size, uint64_t* length);
} acme_crm_v1;

#endif
