"""URLs of customers who change hands: pool, assignment, custody, hand-over, leavers, leave."""

from django.urls import path

from customers.views import assigning, handover_wizard, handovers, leave, leaver, pool

urlpatterns = [
    path("pool/", pool.pool, name="pool"),
    path("assign/", assigning.assign, name="assign"),
    path("customers/<uuid:public_id>/care/", assigning.care, name="care"),
    path("custody/<uuid:public_id>/end/", assigning.custody_end, name="custody_end"),
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/new/", handover_wizard.new, name="handover_new"),
    path("handovers/<uuid:public_id>/", handovers.handover, name="handover"),
    path("handovers/<uuid:public_id>/problems/", handovers.problems, name="handover_problems"),
    path("handovers/<uuid:public_id>/send/", handovers.send, name="handover_send"),
    path("handovers/<uuid:public_id>/sign/", handovers.sign, name="handover_sign"),
    path("handovers/<uuid:public_id>/settle/", handovers.settle, name="handover_settle"),
    path("handovers/<uuid:public_id>/cancel/", handovers.cancel, name="handover_cancel"),
    path("handovers/<uuid:public_id>/protocol/", handovers.protocol, name="handover_protocol"),
    path("leavers/<uuid:public_id>/", leaver.leaver, name="leaver"),
    path("leave/", leave.leave, name="leave"),
]
