"""The provider: all algorithms of the table, and the setting that says where the program is."""

from __future__ import annotations

import json
from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithm import Algorithm

HERE = Path(__file__).parent
PROGRAM = "FAELLESRUM_PROGRAM"


def language():
    """The language of QGIS, where there are words in it; else English."""
    return "da" if QgsApplication.locale().startswith("da") else "en"


class Provider(QgsProcessingProvider):
    """What the toolbox shows under Fællesrum."""

    def id(self):
        """Its id, before the colon of each algorithm."""
        return "faellesrum"

    def name(self):
        """Its title."""
        return "Fællesrum"

    def icon(self):
        """The project's mark."""
        return QIcon(str(HERE / "icon.svg"))

    def svgIconPath(self):
        """The mark as a file."""
        return str(HERE / "icon.svg")

    def load(self):
        """Add the setting, then the algorithms."""
        words = _table()["words"]
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        label = words["program"][language()]
        ProcessingConfig.addSetting(Setting(self.name(), PROGRAM, label, "", valuetype=Setting.FILE))
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self):
        """Take the setting away."""
        ProcessingConfig.removeSetting(PROGRAM)

    def loadAlgorithms(self):
        """Add each algorithm of the table."""
        table = _table()
        for spec in table["algorithms"]:
            self.addAlgorithm(Algorithm(spec, table["words"], language(), _chosen_program))


def _chosen_program():
    return (ProcessingConfig.getSetting(PROGRAM) or "").strip()


def _table():
    return json.loads((HERE / "algorithms.json").read_text(encoding="utf-8"))
