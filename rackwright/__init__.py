"""What the tasks are made of: settings, observation, plan and report. Imports no task."""
