"""The one way forms are laid out: labels left, summary on top, one filled button."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit


def ledger_helper(submit="", *extra, method="post", tag=True):
    """A crispy FormHelper for the ledger form.

    `submit` labels the one filled button; `extra` are pieces of markup (SafeString) beside it. Without
    `submit` no buttons are drawn; with `tag=False` the <form> tag is the template's.
    """
    helper = FormHelper()
    helper.form_method = method
    helper.form_class = "form-ledger"
    helper.form_tag = tag
    helper.extra_markup = extra  # crispy hands unknown attributes on to its templates
    if submit:
        helper.add_input(Submit("save", submit))
    return helper
