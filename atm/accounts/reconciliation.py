"""Reconciliation of the ledger: every account is recomputed from its transactions and holds."""

from credentials.sealed.transaction import Transaction


def adds_up(db: Transaction) -> bool:
    """Return whether all rows of the ledger *db* agree with each other.

    Each transaction leaves the balance of the one before plus its amount; an account has the
    balance of its last one; a closed account has none. Each booked hold has exactly one withdrawal
    (same reference, customer and amount), and each withdrawal one booked hold. What is on hold is
    covered by the balance.
    """
    balances: dict[str, int] = {}
    opened_by: dict[str, int] = {}
    withdrawals: dict[str, tuple[str, int]] = {}
    for number, customer, kind, amount, balance, reference in db.select(
        "SELECT id, customer_id, kind, amount_minor, balance_minor, reference"
        " FROM transactions ORDER BY id"
    ):
        if (kind == "opening") == (customer in balances):
            return False
        if balance != balances.get(customer, 0) + amount:
            return False
        balances[customer] = balance
        if kind == "opening":
            opened_by[customer] = number
        elif kind == "withdrawal":
            withdrawals[reference] = (customer, -amount)
        elif balances.pop(customer) != 0:
            return False
    accounts = db.select("SELECT customer_id, balance_minor, opened_by FROM accounts")
    if {row[0]: row[1:] for row in accounts} != {
        customer: (balance, opened_by[customer]) for customer, balance in balances.items()
    }:
        return False
    return _holds_match(db, balances, withdrawals)


def _holds_match(
    db: Transaction, balances: dict[str, int], withdrawals: dict[str, tuple[str, int]]
) -> bool:
    uncovered = dict(balances)
    for customer, amount, reference, state in db.select(
        "SELECT customer_id, amount_minor, reference, state FROM holds"
    ):
        booked = withdrawals.pop(reference, None)
        if booked != ((customer, amount) if state == "booked" else None):
            return False
        if state == "open":
            uncovered[customer] = uncovered.get(customer, 0) - amount
    return not withdrawals and all(each >= 0 for each in uncovered.values())
