"""What a task changes is the system's doing, by the task's name."""

from celery import Task


class ActingTask(Task):
    """The base of every task (crm/celery.py)."""

    abstract = True

    def __call__(self, *args, **kwargs):
        from crm.history.actors import acting  # needs Django, which is ready once a task runs

        with acting(f"system:{self.name}"):
            return super().__call__(*args, **kwargs)
