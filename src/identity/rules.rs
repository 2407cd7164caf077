//! What a user must fulfil. Pure.

use std::collections::HashSet;

use super::wire::{NewUser, UserView};
use crate::error::{Code, Fault};
use crate::http::Line;

/// Characters a password must have at least.
pub const PASSWORD_MIN: usize = 10;

/// Every fault of a row, given the codes of all departments and whether this server takes sign-ins of the demonstration.
pub fn faults(row: &NewUser, departments: &HashSet<String>, demo_allowed: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.username.as_str().chars().any(|c| c.is_ascii_uppercase()) {
        faults.push(Fault::new(Code::WrongFormat, "/username", "Tên đăng nhập dùng chữ thường.", "User names are in lower case."));
    }
    if row.display_name.is_blank() {
        faults.push(Fault::missing("/display_name"));
    }
    if row.email.as_ref().is_some_and(|e| e.as_str().parse::<lettre::Address>().is_err()) {
        let (vi, en) = ("Không phải địa chỉ thư điện tử.", "This is no e-mail address.");
        faults.push(Fault::new(Code::WrongFormat, "/email", vi, en));
    }
    if row.password.as_ref().is_some_and(|p| p.as_str().chars().count() < PASSWORD_MIN) {
        let (vi, en) =
            (format!("Mật khẩu cần ít nhất {PASSWORD_MIN} ký tự."), format!("A password has at least {PASSWORD_MIN} characters."));
        faults.push(Fault::new(Code::TooShort, "/password", vi, en));
    }
    if row.demo && !demo_allowed {
        let (vi, en) = ("Máy chủ này không nhận tài khoản dùng thử.", "This server takes no users of the demonstration.");
        faults.push(Fault::new(Code::NotPermitted, "/demo", vi, en));
    }
    for (i, grant) in row.grants.iter().enumerate() {
        match &grant.department {
            None if grant.role.needs_department() => faults.push(Fault::missing(format!("/grants/{i}/department"))),
            Some(code) if !departments.contains(code.as_str()) => {
                faults.push(Fault::unknown(format!("/grants/{i}/department"), code.as_str()));
            }
            _ => {}
        }
    }
    faults
}

/// Whether putting the row would change nothing but, perhaps, the password.
pub fn equal(row: &NewUser, old: &UserView) -> bool {
    let same_grants = row.grants.len() == old.grants.len() && row.grants.iter().all(|g| old.grants.contains(g));
    old.display_name == row.display_name.as_str()
        && old.email.as_deref() == row.email.as_ref().map(Line::as_str)
        && old.active == row.active
        && old.demo == row.demo
        && same_grants
}

/// Seconds that signing in is locked after so many failures in a row: none while they are free, then 1, 2, 4 and so on.
pub fn lock_s(failures: u32, free: u32, longest: u32) -> Option<u32> {
    let over = failures.checked_sub(free)?;
    Some(1u32.checked_shl(over).unwrap_or(longest).min(longest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found() {
        let row: NewUser = serde_json::from_value(serde_json::json!({
            "username": "Ab", "display_name": "", "password": "short", "demo": true,
            "grants": [{"role": "head"}, {"role": "officer", "department": "X"}, {"role": "office"}]
        }))
        .unwrap();
        let pointers: Vec<_> = faults(&row, &HashSet::new(), false).into_iter().map(|f| f.pointer.into_owned()).collect();
        assert_eq!(pointers, ["/username", "/display_name", "/password", "/demo", "/grants/0/department", "/grants/1/department"]);
        assert_eq!(faults(&row, &HashSet::new(), true).len(), 5);
    }

    #[test]
    fn locks_double_up_to_the_longest() {
        let locks = |failures: &[u32]| failures.iter().map(|n| lock_s(*n, 5, 900)).collect::<Vec<_>>();
        assert_eq!(locks(&[0, 4]), [None, None]);
        assert_eq!(locks(&[5, 6, 7, 14, 15, 36, 37, u32::MAX]), [1, 2, 4, 512, 900, 900, 900, 900].map(Some));
    }
}
