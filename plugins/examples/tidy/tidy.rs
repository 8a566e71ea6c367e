//! tidy - an example plugin in Rust without crates, built by rustc alone: white space in a message's content is
//! tidied, and a content that is empty then, or too long, is refused. README.md
mod gateway;

use gateway::*;
use std::os::raw::c_void;

const NOTE_TEXT: &[u8] =
    b"abi=1.0\nid=tidy\nversion=1.0.0\nkinds=message\ndescription=Tidies the white space of content\n\0";
#[used]
#[link_section = ".note.gateway"]
static NOTE: Note<{ (NOTE_TEXT.len() + 3) / 4 * 4 }> = Note::new(NOTE_TEXT);

/// One for each entry of plugins.load. Constant after create: any thread.
struct Tidy {
    gateway: Gateway,
    max_characters: usize,
}

impl Tidy {
    fn configure(gateway: Gateway, config: *const Node) -> Result<Tidy, String> {
        let mut tidy = Tidy { gateway, max_characters: usize::MAX };
        for index in 0..gateway.node_size(config) {
            let node = gateway.node_at(config, index);
            let key = gateway.node_key(config, index);
            let wrong = |what: &str| Err(format!("{}: {}: {}", gateway.node_location(node), key, what));
            if key != "max_characters" {
                return wrong("unknown key; there is: max_characters");
            }
            match gateway.node_integer(node) {
                Some(number) if (1..=1_000_000).contains(&number) => tidy.max_characters = number as usize,
                _ => return wrong("must be a whole number from 1 to 1000000"),
            }
        }
        Ok(tidy)
    }

    fn intercept(&self, mut request: Request) -> Result<i32, i32> {
        let content = match request.field("content") {
            Some(content) => content,
            None => return Ok(CONTINUE),
        };
        let tidied = content.split_whitespace().collect::<Vec<_>>().join(" ");
        if tidied.is_empty() {
            return request.reject(0, "forbidden", "the content is empty");
        }
        let characters = tidied.chars().count();
        if characters > self.max_characters {
            let why = format!("{} characters are more than {}", characters, self.max_characters);
            return request.reject(0, "too_large", &why);
        }
        if tidied != content {
            request.set_field("content", &tidied)?;
        }
        Ok(CONTINUE)
    }
}

unsafe extern "C" fn create(
    host: *const Host,
    inst: *mut Inst,
    config: *const Node,
    this: *mut *mut c_void,
    error: *mut Error,
) -> i32 {
    let gateway = Gateway::new(host, inst);
    gateway.guarded("create", || match Tidy::configure(gateway, config) {
        Ok(tidy) => {
            *this = Box::into_raw(Box::new(tidy)) as *mut c_void;
            Ok(OK)
        }
        Err(why) => Err((*error).set(E_ARG, &why)),
    })
}

unsafe extern "C" fn destroy(this: *mut c_void) {
    drop(Box::from_raw(this as *mut Tidy));
}

unsafe extern "C" fn name(_this: *mut c_void) -> Str {
    Str::of("tidy")
}

unsafe extern "C" fn wants(_this: *mut c_void, kinds: *mut u32, events: *mut u64) {
    *kinds = KIND_MESSAGE;
    *events = 0;
}

unsafe extern "C" fn intercept(this: *mut c_void, _: Slot, _: *mut Ctx, request: *mut Req, _: *mut Next) -> i32 {
    let tidy = &*(this as *const Tidy);
    tidy.gateway.guarded("intercept", || tidy.intercept(tidy.gateway.request(request)))
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

/// The one exported symbol.
#[no_mangle]
pub extern "C" fn gw_plugin_entry_v1(_host: *const Host, _error: *mut Error) -> &'static PluginTable {
    keep_panics();
    &PLUGIN
}
