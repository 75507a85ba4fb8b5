"""Fællesrum in QGIS: a Processing provider that calls the program in its own environment."""

from __future__ import annotations


class Plugin:
    """What QGIS starts and ends."""

    def __init__(self):
        self._provider = None

    def initProcessing(self):
        """Show the algorithms; `qgis_process` asks for no more."""
        from qgis.core import QgsApplication

        from .provider import Provider

        self._provider = Provider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self):
        """As above: there is nothing else to show."""
        self.initProcessing()

    def unload(self):
        """Take the algorithms away."""
        from qgis.core import QgsApplication

        QgsApplication.processingRegistry().removeProvider(self._provider)


def classFactory(iface):
    """What QGIS calls to have the plugin."""
    return Plugin()
