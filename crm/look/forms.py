"""The one way forms are laid out: labels left, summary on top, one filled button."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div


def ledger_helper(submit="", *extra, method="post", tag=True):
    """A crispy FormHelper for the ledger form. `submit` labels the one filled button; `extra` is markup beside it.

    Without `submit` no buttons are drawn; with `tag=False` the <form> tag is the template's.
    """
    helper = LedgerHelper()
    helper.form_method = method
    helper.form_class = "form-ledger"
    helper.form_tag = tag
    helper.submit_label = submit
    helper.extra_markup = extra
    return helper


class LedgerHelper(FormHelper):
    """Adds the row of buttons under the fields, aligned with the controls."""

    submit_label = ""
    extra_markup = ()

    def render_layout(self, form, context, template_pack="bootstrap5"):
        html = super().render_layout(form, context, template_pack=template_pack)
        if not self.submit_label:
            return html
        buttons = Div(
            HTML(
                '{% load i18n %}<button class="btn btn-primary" data-save data-busy="{% translate "Saving…" %}">'
                "{{ form_submit_label }}</button>"
            ),
            *(HTML(markup) for markup in self.extra_markup),
            css_class="row-flex",
        )
        with context.push(form_submit_label=self.submit_label):
            return html + Div(buttons, css_class="form-end").render(
                form, context, template_pack=template_pack
            )
