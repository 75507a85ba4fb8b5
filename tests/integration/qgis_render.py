"""Opens a GeoPackage in QGIS, headless, and says as JSON what it found; run by the Python that QGIS belongs to.

python3 qgis_render.py places.gpkg picture.png
"""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

# From the ground up.
ORDER = (
    "green",
    "water",
    "waterways",
    "paths",
    "buildings",
    "barriers",
    "boundary",
    "context",
    "meeting_spaces",
    "places",
)


def about(layer):
    renderer = layer.renderer()
    rules = renderer.rootRule().children() if renderer.type() == "RuleRenderer" else []
    return {
        "valid": layer.isValid(),
        "count": layer.featureCount(),
        "renderer": renderer.type(),
        "rules": [[rule.label(), rule.filterExpression(), rule.symbol().color().name()] for rule in rules],
        "parts": [[part.layerType() for part in rule.symbol().symbolLayers()] for rule in rules],
        "aliases": {field.name(): field.alias() for field in layer.fields()},
        "labels": layer.labelsEnabled(),
        "styles": list(layer.listStylesInDatabase()[2]),
        "title": layer.metadata().title(),
        "abstract": layer.metadata().abstract(),
        "crs": layer.crs().authid(),
        "broken": [rule.filterExpression() for rule in rules if rule.filter() and rule.filter().hasParserError()],
    }


def main(path, picture):
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    layers = {name: QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in ORDER}
    print(json.dumps({name: about(layer) for name, layer in layers.items() if layer.isValid()}))
    shown = [layer for layer in layers.values() if layer.isValid()]
    QgsProject.instance().addMapLayers(shown)
    settings = QgsMapSettings()
    settings.setLayers(shown[::-1])
    settings.setDestinationCrs(layers["boundary"].crs())
    settings.setOutputSize(QSize(1200, 800))
    settings.setBackgroundColor(QColor("#f3f0ea"))
    extent = layers["boundary"].extent()
    extent.scale(1.25)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture)


main(*sys.argv[1:])
