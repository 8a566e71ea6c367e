//! A plugin in Rust that panics in each message: plugins/examples/tidy/gateway.rs stops it at the border.
#[path = "../../plugins/examples/tidy/gateway.rs"]
mod gateway;

use gateway::*;
use std::os::raw::c_void;

const NOTE_TEXT: &[u8] = b"abi=1.0\nid=rust-panics\nversion=1.0.0\nkinds=message\n\0";
#[used]
#[link_section = ".note.gateway"]
static NOTE: Note<{ (NOTE_TEXT.len() + 3) / 4 * 4 }> = Note::new(NOTE_TEXT);

unsafe extern "C" fn create(
    host: *const Host,
    inst: *mut Inst,
    _: *const Node,
    this: *mut *mut c_void,
    _: *mut Error,
) -> i32 {
    *this = Box::into_raw(Box::new(Gateway::new(host, inst))) as *mut c_void;
    OK
}
unsafe extern "C" fn destroy(this: *mut c_void) {
    drop(Box::from_raw(this as *mut Gateway));
}
unsafe extern "C" fn name(_: *mut c_void) -> Str {
    Str::of("rust-panics")
}
unsafe extern "C" fn wants(_: *mut c_void, kinds: *mut u32, _: *mut u64) {
    *kinds = KIND_MESSAGE;
}
unsafe extern "C" fn intercept(this: *mut c_void, _: Slot, _: *mut Ctx, request: *mut Req, _: *mut Next) -> i32 {
    let gateway = &*(this as *const Gateway);
    gateway.guarded("intercept", || {
        let content = gateway.request(request).field("content").unwrap_or_default();
        panic!("no use for {}", content)
    })
}

static INTERCEPTOR: InterceptorTable = InterceptorTable {
    struct_size: std::mem::size_of::<InterceptorTable>() as u32,
    flags: 0,
    stage: STAGE_MESSAGE,
    reserved: 0,
    name,
    order: None,
    wants,
    attach: None,
    detach: None,
    intercept: Some(intercept),
    on_resume: None,
    on_cancel: None,
    on_event: None,
};
static PLUGIN: PluginTable = PluginTable {
    struct_size: std::mem::size_of::<PluginTable>() as u32,
    flags: 0,
    create,
    start: None,
    quiesce: None,
    stop: None,
    destroy,
    interceptor: Some(&INTERCEPTOR),
};

#[no_mangle]
pub extern "C" fn gw_plugin_entry_v1(_: *const Host, _: *mut Error) -> &'static PluginTable {
    keep_panics();
    &PLUGIN
}
